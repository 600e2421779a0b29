"""The calculator as a page, in a browser, without a server: `python -m web.build` makes `web/dist/`."""
