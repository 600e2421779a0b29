"""OpenVINO's intermediate representation: the `.xml`; its `.bin` is never read."""
