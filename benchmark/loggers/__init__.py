"""Training curves and results for the programs that people watch runs with (the setting `loggers`).

A run feeds a process of its own, which writes for TensorBoard, MLflow and Weights & Biases: their packages
take memory and time, may print, hang or end their process, and must neither be measured nor cost a run.
Everything stays on this machine unless the variables of those packages say otherwise.
"""
