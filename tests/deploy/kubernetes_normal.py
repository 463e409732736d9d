"""Objects on stdin as YAML on stdout in one form, whatever version of kubectl wrote them: by kind and name, keys sorted."""
import sys

import yaml

objects = [o for o in yaml.safe_load_all(sys.stdin) if o]
objects.sort(key=lambda o: (o["kind"], o["metadata"]["name"]))
# Texts of many lines as blocks, so that a difference shows its line.
yaml.SafeDumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None))
yaml.safe_dump_all(objects, sys.stdout, sort_keys=True, width=120)
