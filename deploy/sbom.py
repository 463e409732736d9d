#!/usr/bin/env python3
"""What the programs are made of, as dpkg knows it: a bill of materials in CycloneDX 1.5, or a table of versions and licences.

Counted are the packages of all shared libraries that the programs load at their start, and of libraries that are headers alone and so
compiled in. `make sbom` writes the file and checks it against the schema; `make licences` prints the table.

usage: sbom.py BIN [--out=FILE [--validate]]
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import urllib.parse
import uuid

PROGRAMS = ("nmn", "nmn-actor", "nmn-learner")
HEADERS_ALONE = ("libcli11-dev", "nlohmann-json3-dev")
HERE = os.path.dirname(os.path.realpath(__file__))
# A field of debian/copyright: the short name of a license, at the beginning of a line.
LICENSE = re.compile(r"^License:[ \t]*(\S[^\n]*)", re.MULTILINE)
# Texts that are written out in full, by a sentence that only they have.
SENTENCES = (
    ("Apache License", "Apache-2.0"),
    ("GNU Lesser General Public License", "LGPL"),
    ("GNU LESSER GENERAL PUBLIC LICENSE", "LGPL"),
    ("GNU General Public License", "GPL"),
    ("GNU GENERAL PUBLIC LICENSE", "GPL"),
    ("Redistribution and use in source and binary forms", "BSD"),
    ("Permission is hereby granted, free of charge", "Expat"),
    ("Permission to use, copy, modify", "ISC"),
)


def output_of(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def libraries_of(program):
    """Real paths of what the loader loads."""
    paths = []
    for line in output_of("ldd", program).split("\n"):
        if "not found" in line:
            sys.exit(f"{program}: {line.strip()}; install what deploy/debian-packages.txt lists")
        found = re.search(r"(?:=> )?(/\S+) \(0x", line)
        if found:
            paths.append(os.path.realpath(found.group(1)))
    return paths


def packages_of(files):
    """The Debian package of each file. dpkg knows some by their name before /usr was merged."""
    asked = sorted({name for path in files for name in (path, path.removeprefix("/usr"))})
    said = subprocess.run(["dpkg-query", "-S", *asked], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
    owners = {}
    for line in said.split("\n")[:-1]:
        owner, path = line.rsplit(": ", 1)
        owners[path] = owner.split(":", 1)[0].split(",", 1)[0]
    packages = {}
    for path in files:
        packages[path] = owners.get(path) or owners.get(path.removeprefix("/usr"))
        if packages[path] is None:
            sys.exit(f"{path} belongs to no Debian package: a bill of materials cannot say what it is")
    return packages


def licences_of(package):
    """Names of the licences in the package's copyright file: those that it names, or those that its text is known by."""
    with open(f"/usr/share/doc/{package}/copyright", encoding="utf-8", errors="replace") as file:
        text = file.read()
    named = {name.strip().rstrip(",") for name in LICENSE.findall(text)}
    return sorted(named or {name for sentence, name in SENTENCES if sentence in text} or {"see its copyright file"})


def components_of(packages):
    fields = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t${Homepage}\n"
    components = {}
    for line in output_of("dpkg-query", "-W", f"-f={fields}", *packages).split("\n")[:-1]:
        package, version, architecture, source, home = line.split("\t")
        purl = f"pkg:deb/debian/{package}@{urllib.parse.quote(version, safe='~')}?arch={architecture}"
        components[package] = {
            "type": "library",
            "bom-ref": purl,
            "name": package,
            "version": version,
            "licenses": [{"license": {"name": name}} for name in licences_of(package)],
            "purl": purl,
            "properties": [{"name": "debian:source", "value": source}],
        }
        if home:
            components[package]["externalReferences"] = [{"type": "website", "url": home}]
    return dict(sorted(components.items()))


def bill_of(folder):
    """The same programs and packages give the same text."""
    with open(os.path.join(HERE, "..", "CMakeLists.txt"), encoding="utf-8") as file:
        version = re.search(r"project\(nmn VERSION ([0-9.]+)", file.read()).group(1)
    loads, programs = {}, []
    for program in PROGRAMS:
        path = os.path.join(folder, program)
        if not os.path.exists(path):
            sys.exit(f"{path} is not there; run `make build` first")
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        programs.append({"type": "application", "bom-ref": program, "name": program, "version": version,
                         "hashes": [{"alg": "SHA-256", "content": digest}],
                         "licenses": [{"license": {"id": "Apache-2.0"}}]})
        loads[program] = libraries_of(path)
    owners = packages_of(sum(loads.values(), []))
    components = components_of(sorted({*owners.values(), *HEADERS_ALONE}))
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "all", "name": "nmn", "version": version,
                                   "licenses": [{"license": {"id": "Apache-2.0"}}]}},
        "components": programs + list(components.values()),
        "dependencies": [{"ref": "all", "dependsOn": list(PROGRAMS)}]
        + [{"ref": program, "dependsOn": [components[name]["bom-ref"] for name in sorted({*map(owners.get, paths), *HEADERS_ALONE})]}
           for program, paths in loads.items()],
    }
    bill["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bill, sort_keys=True))}"
    return bill


def table_of(bill):
    rows = [("package", "version", "licences")]
    for component in bill["components"]:
        rows.append((component["name"], component["version"],
                     ", ".join(entry["license"].get("id") or entry["license"]["name"] for entry in component["licenses"])))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "".join(f"{name.ljust(widths[0])}  {version.ljust(widths[1])}  {licences}\n" for name, version, licences in rows)


def validate(path):
    """Against the schema of CycloneDX, which comes with cyclonedx-python-lib of PyPI."""
    from cyclonedx.schema import SchemaVersion  # pylint: disable=import-outside-toplevel
    from cyclonedx.validation.json import JsonStrictValidator  # pylint: disable=import-outside-toplevel

    with open(path, encoding="utf-8") as file:
        error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(file.read())
    if error is not None:
        sys.exit(f"{path} is no CycloneDX 1.5: {error}")
    print(f"{path} is CycloneDX 1.5")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("bin")
    parser.add_argument("--out")
    parser.add_argument("--validate", action="store_true", help="check --out against the schema as well")
    arguments = parser.parse_args()
    if arguments.validate and arguments.out is None:
        parser.error("--validate is of the file that --out names")
    bill = bill_of(arguments.bin)
    if arguments.out is None:
        sys.stdout.write(table_of(bill))
        return
    with open(arguments.out + ".new", "w", encoding="utf-8") as file:
        json.dump(bill, file, indent=1)
        file.write("\n")
    os.replace(arguments.out + ".new", arguments.out)
    print(f"{arguments.out}: {len(bill['components'])} components")
    if arguments.validate:
        validate(arguments.out)


if __name__ == "__main__":
    main()
