"""A real Caffe as a witness of the caffe dialect: its table, and the bundled nets that are said in its words."""
