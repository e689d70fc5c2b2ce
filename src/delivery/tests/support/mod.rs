//! What the tests of deliveries share: a project whose objects are applied, destinations with faults, and the laws that hold after
//! each of them.
#![allow(dead_code, reason = "each test needs some of it")]

pub mod clock;
pub mod faulty;
pub mod laws;
pub mod world;
