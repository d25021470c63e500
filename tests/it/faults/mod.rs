//! What breaks around the server, and the server itself broken at any moment. One question runs through all of it: was
//! anything lost that had been acknowledged?

mod concurrency;
mod database;
mod deletion_races;
mod disk_full;
mod kill;
mod kill_jobs;
mod large_answers;
mod lock_order;
mod memory;
mod mixture;
mod replicas;
mod storage;
