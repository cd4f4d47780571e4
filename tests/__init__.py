"""The tests of lesson_lib; how they are run stands in the README, how they are built in docs/architecture.md."""

import lesson_lib.nn  # the library imports it when it is first named; here the list of operations must be whole
