//! One suite for every driver (`suite`), run on a temporary directory (`disk`) and on a real S3 service (`s3`), and
//! what only one driver has: its own files.

mod disk;
mod encryption;
mod faults;
mod harness;
mod s3;
mod suite;
