//! What the database layer tells about itself. How it is published is the program's business.

/// How the connections are used at one moment.
#[derive(Debug, Clone, Copy)]
pub struct PoolUsage {
    /// Connections that are open.
    pub open: u32,
    /// Of these, how many do nothing.
    pub idle: usize,
    /// How many there may be.
    pub maximum: u32,
    /// Writes that wait for the one writer; always 0 on Postgres.
    pub writes_waiting: usize,
    /// Statements that were given to the database since it was opened.
    pub statements: u64,
}
