"""The page in a browser, and what a reader does with it."""

from __future__ import annotations

SOON = 60_000
"""Milliseconds within which an answer comes, on a machine that has much else to do."""


class Seen:
    """The page, and what a reader does with it."""

    def __init__(self, page):
        self.page = page
        self.wrong = []
        page.set_default_timeout(SOON)
        page.on("console", lambda message: message.type in ("error", "warning") and self.wrong.append(message.text))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def type(self, text):
        """Put a text in place of what stands in the editor, as a paste does."""
        self.page.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def sees(self, selector, text):
        """Wait until a part of the page has this text."""
        from playwright.sync_api import expect

        expect(self.page.locator(selector)).to_contain_text(text, timeout=SOON)

    def has_ground(self, colour):
        """Wait until the page stands on this colour."""
        from playwright.sync_api import expect

        expect(self.page.locator("body")).to_have_css("background-color", colour, timeout=SOON)
