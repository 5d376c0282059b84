"""Fits a line step by step and tells transformers' own callbacks, in the order in which its Trainer tells them.

Which callbacks there are is for transformers to say, as for any training that names none: from TrainingArguments, which look at the
environment. Nothing here knows of anybody to report to. Arguments: number of steps, seconds that a step takes at least.
"""

import sys
import time

import numpy
from transformers import TrainerControl, TrainerState, TrainingArguments
from transformers.integrations.integration_utils import get_reporting_integration_callbacks
from transformers.trainer_callback import CallbackHandler, DefaultFlowCallback

steps, step_seconds = int(sys.argv[1]), float(sys.argv[2])
learning_rate = 0.05

arguments = TrainingArguments(output_dir="results", max_steps=steps, logging_steps=5, learning_rate=learning_rate)
callbacks = [DefaultFlowCallback] + get_reporting_integration_callbacks(arguments.report_to)
handler = CallbackHandler([callback() for callback in callbacks], None, None, None, None)
state = TrainerState(max_steps=steps, num_train_epochs=1, logging_steps=arguments.logging_steps)
control = TrainerControl()

random = numpy.random.default_rng(7)
inputs = random.normal(size=(4096, 2))
targets = inputs @ numpy.array([2.0, -3.0]) + random.normal(scale=0.1, size=4096)
weights = numpy.zeros(2)

control = handler.on_init_end(arguments, state, control)
control = handler.on_train_begin(arguments, state, control)
while state.global_step < steps:
    control = handler.on_step_begin(arguments, state, control)
    began = time.monotonic()
    while True:
        errors = inputs @ weights - targets
        weights -= learning_rate / 100 * (inputs.T @ errors) / len(targets)
        if time.monotonic() - began >= step_seconds:
            break
    state.global_step += 1
    state.epoch = state.global_step / steps
    control = handler.on_step_end(arguments, state, control)
    if control.should_log:
        control.should_log = False
        logs = {"loss": float(numpy.mean(errors**2)), "learning_rate": learning_rate, "epoch": state.epoch}
        control = handler.on_log(arguments, state, control, logs)
control = handler.on_log(arguments, state, control, {"train_loss": float(numpy.mean(errors**2)), "epoch": state.epoch})
handler.on_train_end(arguments, state, control)
print("reported by", arguments.report_to)
