#!/usr/bin/env python3
"""live_page_pictures.py BIN OUT: trains benchmark 1, evaluates as it goes, and takes pictures of the upper part of its
live page after 250 updates: OUT/live_page.png, 1440 pixels wide and light, and OUT/live_page_phone.png, 360 and dark."""

import os
import sys
import tempfile

import chromium
from training import Training

UPDATES = 250


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    binaries, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [os.path.join(binaries, "nmn"), "train", "--benchmark=b1", "--preset=fast", "--seed=1", "--no_figure",
                   f"--run_dir={folder}/b1-nmn-fast-s1", "--metrics=127.0.0.1:0", "--set", "eval.every_updates=25",
                   "--set", "eval.episodes=50"]
        with chromium.Chromium(folder + "/profile") as browser, Training(command) as training:
            browser.shape(1440, 900, "light")
            browser.driver.get(training.address)
            chromium.wait(browser, lambda: browser.run("return shown && shown.update") >= UPDATES, "the last of them")
            browser.picture(out + "/live_page.png", height=930)
            browser.shape(360, 740, "dark")
            browser.driver.get(training.address)
            chromium.wait(browser, lambda: browser.run("return shown && shown.update"), "the page")
            browser.picture(out + "/live_page_phone.png", height=1480)


if __name__ == "__main__":
    chromium.need()
    main()
