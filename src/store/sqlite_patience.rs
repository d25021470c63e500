//! How a connection waits while another process writes: a command beside a server, or the server beside a command.
//!
//! SQLite's own way sleeps longer each time, up to 100 ms, and most transactions are over within a few. Here the first
//! pauses are short, so that whoever waits begins soon after the other has ended.

use std::time::Duration;

use rusqlite::Connection;

use crate::Result;

/// How long transactions wait for another process.
const TRANSACTION: Duration = Duration::from_secs(5);
/// How long the emptying of the log waits, during which nobody else can write.
const CHECKPOINT: Duration = Duration::from_secs(1);

/// Lets a connection wait as transactions do.
pub(crate) fn for_transactions(conn: &mut Connection) -> Result<()> {
    Ok(conn.busy_handler(Some(|times| wait(times, TRANSACTION)))?)
}

/// Lets a connection wait as is right while the log is emptied.
pub(crate) fn for_checkpoint(conn: &mut Connection) -> Result<()> {
    Ok(conn.busy_handler(Some(|times| wait(times, CHECKPOINT)))?)
}

/// Pauses, unless all pauses so far took `patience`. Whether to try again.
fn wait(times: i32, patience: Duration) -> bool {
    let (before, pause) = pauses(times.unsigned_abs());
    let goes_on = before < patience;
    if goes_on {
        std::thread::sleep(pause);
    }
    goes_on
}

/// How long the first `times` pauses take, and the one after them.
fn pauses(times: u32) -> (Duration, Duration) {
    let (short, middle, long) = (Duration::from_micros(250), Duration::from_millis(1), Duration::from_millis(10));
    match times {
        0..40 => (short * times, short),
        40..130 => (short * 40 + middle * (times - 40), middle),
        _ => (short * 40 + middle * 90 + long * (times - 130), long),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_in_the_sum_of_those_after_it() {
        for times in 0..600 {
            let (before, pause) = pauses(times);
            assert_eq!(pauses(times + 1).0, before + pause, "{times}");
        }
        assert!(pauses(620).0 >= TRANSACTION);
    }
}
