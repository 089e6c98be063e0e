"""A headless Chromium, under whichever name and in whichever place it is installed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

#: Names on the path, and places where packages leave what is not on it.
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "/snap/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
DRIVERS = (
    "chromedriver",
    "chromium.chromedriver",
    "/usr/lib/chromium/chromedriver",
    "/usr/lib/chromium-browser/chromedriver",
)

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)


def found(names: tuple[str, ...], given: str) -> str | None:
    """The first of these programs that is there; the environment variable `given` goes before them."""
    candidates = (os.environ.get(given, ""), *names)
    return next((path for name in candidates if name and (path := shutil.which(name))), None)


BROWSER, DRIVER = found(BROWSERS, "CHROME"), found(DRIVERS, "CHROMEDRIVER")


def missing() -> str:
    """Why the page cannot be opened here, with the way out; empty where it can."""
    lacking = [what for what, path in (("Chromium or Chrome", BROWSER), ("chromedriver", DRIVER)) if not path]
    if not lacking:
        return ""
    return (
        f"needs {' and '.join(lacking)}: apt-get install chromium chromium-driver, "
        "or name them in CHROME and CHROMEDRIVER"
    )


def start(profile: Path) -> Any:
    """A driver of a fresh browser that logs its console and its requests."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options, Service(str(DRIVER), env={**os.environ, "no_proxy": "*"}))


def visit(browser: Any, report: Path, width: int = 0, anchor: str = "", **media: str) -> Any:
    """The page as it is after loading, at a width and with media features if given."""
    features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    if width:
        size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    if anchor:  # an address that differs by its anchor alone would not be loaded anew
        browser.get("about:blank")
    browser.get(f"{(report / 'index.html').as_uri()}{anchor}")
    return browser
