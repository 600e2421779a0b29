"""Model files of Ultralytics (YOLOv3 to v12 and later) and of YOLOv5's repository, as text of the language."""
