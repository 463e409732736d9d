#!/usr/bin/env python3
"""CITATION.cff is what version 1.2.0 of the Citation File Format asks for, as far as its keys, their kinds and its required ones go.
Ends with 77, and says why, where python3-yaml is missing.

usage: citation_file_test.py [FILE]
"""

import os
import re
import sys

try:
    import yaml
except ImportError:
    print("SKIPPED: CITATION.cff is not checked, because python3-yaml is not installed (apt-get install python3-yaml)")
    sys.exit(77)

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", ".."))
REQUIRED = {"authors", "cff-version", "message", "title"}
KEYS = REQUIRED | {
    "abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license", "license-url",
    "preferred-citation", "references", "repository", "repository-artifact", "repository-code", "type", "url", "version"}
PERSON = {
    "address", "affiliation", "alias", "city", "country", "email", "family-names", "fax", "given-names", "name-particle",
    "name-suffix", "orcid", "post-code", "region", "tel", "website"}
ENTITY = {
    "address", "alias", "city", "country", "date-end", "date-start", "email", "fax", "location", "name", "orcid", "post-code",
    "region", "tel", "website"}
DOI = re.compile(r"^10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+$")


def people(where, people, problems):
    if not isinstance(people, list) or not people:
        problems.append(f"{where}: not a list of at least one")
        return
    for number, person in enumerate(people):
        if not isinstance(person, dict) or not (set(person) <= PERSON or (set(person) <= ENTITY and "name" in person)):
            problems.append(f"{where}[{number}]: neither a person nor an entity with a name")


def texts(where, mapping, problems):
    for key in ("abstract", "message", "title", "version", "license", "type"):
        if key in mapping and not (isinstance(mapping[key], str) and mapping[key]):
            problems.append(f"{where}{key}: not a text, or an empty one")
    if "doi" in mapping and not DOI.match(str(mapping["doi"])):
        problems.append(f"{where}doi: {mapping['doi']} is no DOI")


def check(text):
    try:
        citation = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return ["not YAML: " + " ".join(str(error).split())]
    if not isinstance(citation, dict):
        return ["not a mapping"]
    problems = [f"{key} is missing" for key in sorted(REQUIRED - set(citation))]
    problems += [f"{key} is no key of the format" for key in sorted(set(citation) - KEYS)]
    if citation.get("cff-version") != "1.2.0":
        problems.append("cff-version: not 1.2.0")
    if citation.get("type", "software") not in ("software", "dataset"):
        problems.append("type: neither software nor dataset")
    keywords = citation.get("keywords", ["none"])
    if not isinstance(keywords, list) or not keywords or len(set(keywords)) < len(keywords):
        problems.append("keywords: not a list of different texts")
    texts("", citation, problems)
    people("authors", citation.get("authors"), problems)
    for number, reference in enumerate(citation.get("references", [])):
        where = f"references[{number}]."
        problems += [f"{where}{key} is missing" for key in ("authors", "title", "type") if key not in reference]
        texts(where, reference, problems)
        people(where + "authors", reference.get("authors"), problems)
    return problems


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "CITATION.cff")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    problems = check(text)
    # What it must find, so that a check that finds nothing is not taken for a file without faults.
    for old, new, words in (
            ("cff-version: 1.2.0", "cff-version: 1.1", "cff-version"), ("message:", "messages:", "message is missing"),
            ("authors:\n", "author:\n", "authors is missing"), ("type: software", "type: program", "type: neither"),
            ("10.1371/", "10-1371/", "is no DOI"), ("title: nmn", "title: [", "not YAML")):
        if old not in text or not any(words in problem for problem in check(text.replace(old, new, 1))):
            problems.append(f"the check does not notice {new!r} in place of {old!r}")
    for problem in problems:
        print(f"{path}: {problem}", file=sys.stderr)
    print(f"{path}: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
