"""PaddlePaddle's programs: the JSON of release 3, and the `.pdmodel` before it. Weights lie in files beside, unread."""
