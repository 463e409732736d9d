"""A real Chromium without a window, for the tests and pictures of the live page."""

import base64
import json
import os
import shutil
import sys

PACKAGES = "chromium chromium-driver python3-selenium"
LIMIT_SECONDS = 120  # for what must come at all
SKIPPED = 77  # SKIP_RETURN_CODE of ctest
DEBIAN_PYTHON = "/usr/bin/python3"  # the one that Debian's packages are for

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    if os.path.realpath(sys.executable) != os.path.realpath(DEBIAN_PYTHON) and os.path.exists(DEBIAN_PYTHON):
        os.execv(DEBIAN_PYTHON, [DEBIAN_PYTHON] + sys.argv)
    webdriver = None


def need():
    """Ends the test as skipped where something is missing."""
    if webdriver is None or not shutil.which("chromium") or not shutil.which("chromedriver"):
        print(f"SKIPPED, NOT RUN: there is no Chromium to open the page in: apt-get install {PACKAGES}")
        sys.exit(SKIPPED)


def wait(browser, condition, what):
    """Until condition() holds; an error that says what did not come in LIMIT_SECONDS."""
    WebDriverWait(browser.driver, LIMIT_SECONDS, 0.1).until(lambda _: condition(), f"{what} did not come")


class Chromium:
    """`folder`: an empty one, for its profile. Reaches this machine alone."""

    def __init__(self, folder):
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1"
        options = Options()
        options.binary_location = shutil.which("chromium")
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server",
                     "--disable-background-networking", "--no-first-run", "--hide-scrollbars", "--disable-lcd-text",
                     f"--user-data-dir={folder}", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.driver.quit()

    def shape(self, width, height, scheme):
        """`scheme`: "light" or "dark"."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def picture(self, path, height=None):
        """The whole page as PNG, or its first `height` pixels."""
        size = self.run("return [document.documentElement.clientWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": height or size[1], "scale": 1}
        answer = self.driver.execute_cdp_cmd("Page.captureScreenshot",
                                             {"format": "png", "captureBeyondViewport": True, "clip": clip})
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))

    def console(self):
        """What the page's console has said since the last call."""
        return self.driver.get_log("browser")

    def requests(self):
        """Addresses that the page has asked for since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
