//! Being PID 1: signals, and the exits of every child.
