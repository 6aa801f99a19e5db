"""TensorFlow models become ONNX."""
