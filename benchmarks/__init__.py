"""What holds the speed: run by hand, compared in one run, quoted as ratios. Not part of the tests."""
