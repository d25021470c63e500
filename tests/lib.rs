//! What black-box tests share: servers to start, clients to talk with, faults to inject. It links nothing of the program
//! itself: everything is seen from outside, as an operator or a client sees it.

pub mod harness;
