from .catalogue import derive as derive
from .check import Check as Check
from .result import Result as Result
from .step import Kind as Kind
from .step import Step as Step
