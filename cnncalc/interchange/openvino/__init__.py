"""OpenVINO's intermediate representation: the `.xml`; of its `.bin` few numbers are read."""
