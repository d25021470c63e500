//! Lines out of what an engine says a container wrote.
//!
//! The engine gives pieces: of a container without a terminal each is one line of one output, or a part of a long one that
//! has no newline at its end; of one with a terminal they are cut anywhere. Before each line, and each part, stands when it
//! was written.

use crate::engine::LogPiece;

/// The longest event that CloudWatch takes, less what it counts for each.
pub(super) const LONGEST: usize = 256 * 1024 - 26;

/// The bytes of each part of a line that is longer, as Docker and Podman cut it.
const PART: usize = 16 * 1024;
/// No time is written in more.
const LONGEST_TIME: usize = 64;

/// A line of a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    /// When it was written, in milliseconds since 1970.
    pub(super) at: i64,
    /// The line, without its end.
    pub(super) text: String,
}

/// A record of the engine: a line, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    /// The second that the engine wrote before it. For Docker each part of a line has that of the first.
    pub(super) second: i64,
    /// Of which output.
    pub(super) stream: usize,
    /// Whether its line ends with it.
    pub(super) whole: bool,
}

/// What came of a piece.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// The lines that are whole now.
    pub(super) events: Vec<Event>,
    /// The records that were used up, in the engine's order: what a cursor counts.
    pub(super) records: Vec<Record>,
}

/// Puts lines together.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    /// How many records are passed over: they were used before.
    skip: u64,
    /// The last second of those.
    last: Option<i64>,
    /// Whether some of them are gone, and more with them.
    gap: bool,
    /// Parts of a line of each output, and when its first part was written.
    parts: [Option<(i64, Vec<u8>)>; 3],
    /// What a terminal's piece ended with, before the end of its line.
    rest: Vec<u8>,
}

impl Assembler {
    /// One that passes over so many records, of which the last ones are of the second `last`. No line goes on beyond them.
    pub(super) fn skipping(skip: u64, last: Option<i64>) -> Self {
        Self { skip, last, ..Self::default() }
    }

    /// Whether the engine does not have all any more that was to be passed over: then it does not have what came after that
    /// either. True once.
    pub(super) fn takes_gap(&mut self) -> bool {
        std::mem::take(&mut self.gap)
    }

    /// Whether a line is not whole yet.
    pub(super) fn is_open(&self) -> bool {
        self.parts.iter().any(Option::is_some)
    }

    /// Ends the lines that are not whole yet. What comes of them later is a line of its own.
    pub(super) fn cut(&mut self) -> Lines {
        let mut lines = Lines::default();
        for (at, bytes) in std::mem::take(&mut self.parts).into_iter().flatten() {
            events(at, &bytes, &mut lines.events);
        }
        lines
    }

    /// Takes a piece.
    pub(super) fn take(&mut self, piece: &LogPiece) -> Lines {
        let mut lines = Lines::default();
        if piece.stream != 0 {
            self.record(usize::from(piece.stream.min(2)), &piece.bytes, &mut lines);
            return lines;
        }
        self.rest.extend_from_slice(&piece.bytes);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let last = self.parts_of(&line, &mut lines);
            self.record(0, &line[last..], &mut lines);
        }
        // A terminal that writes no line ends must not fill the memory.
        if self.rest.len() > 2 * LONGEST {
            let mut line = std::mem::take(&mut self.rest);
            let last = self.parts_of(&line, &mut lines);
            self.rest = line.split_off(last);
        }
        if self.rest.len() > 2 * LONGEST {
            let line = std::mem::take(&mut self.rest);
            self.record(0, &line, &mut lines);
        }
        lines
    }

    /// Takes the parts of a long line of a terminal: nothing but the time that stands before each tells one from the next.
    /// Where the last one begins.
    fn parts_of(&mut self, line: &[u8], lines: &mut Lines) -> usize {
        let mut begin = 0;
        while let Some(length) = part_of(&line[begin..]) {
            self.record(0, &line[begin..begin + length], lines);
            begin += length;
        }
        begin
    }

    /// What is left when nothing more comes.
    pub(super) fn finish(&mut self) -> Lines {
        let mut lines = Lines::default();
        if !self.rest.is_empty() {
            let line = std::mem::take(&mut self.rest);
            let last = self.parts_of(&line, &mut lines);
            self.record(0, &line[last..], &mut lines);
        }
        lines.events.extend(self.cut().events);
        lines
    }

    fn record(&mut self, stream: usize, record: &[u8], lines: &mut Lines) {
        let Some((time, begin)) = time_of(record) else {
            // Not a record: what belongs to the one before.
            if let Some(Some((_, open))) = self.parts.get_mut(stream) {
                open.extend_from_slice(record);
            }
            return;
        };
        if self.skip > 0 && self.last.is_some_and(|last| time.timestamp() > last) {
            // Engines throw away the oldest records of those who write much. What is left is not what was used.
            (self.skip, self.gap) = (0, true);
        }
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        let text = record.get(begin..).unwrap_or_default();
        let whole = text.last() == Some(&b'\n');
        lines.records.push(Record { second: time.timestamp(), stream, whole });
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let Some(part) = self.parts.get_mut(stream) else { return };
        let (_, open) = part.get_or_insert_with(|| (time.timestamp_millis(), Vec::new()));
        open.extend_from_slice(text);
        let done = whole || open.len() > LONGEST;
        if let Some((at, mut bytes)) = part.take_if(|_| done) {
            // The engine cuts parts at bytes: a character may go on in the next one.
            let rest = if whole { Vec::new() } else { bytes.split_off(bytes.len() - unfinished(&bytes)) };
            events(at, &bytes, &mut lines.events);
            *part = (!rest.is_empty()).then_some((at, rest));
        }
    }
}

/// When a record was written, and where what was written begins.
fn time_of(record: &[u8]) -> Option<(chrono::DateTime<chrono::FixedOffset>, usize)> {
    let space = record.iter().take(LONGEST_TIME).position(|byte| *byte == b' ')?;
    let head = std::str::from_utf8(&record[..space]).ok()?;
    Some((chrono::DateTime::parse_from_rfc3339(head).ok()?, space + 1))
}

/// The length of the first part of a line, if another one follows.
fn part_of(line: &[u8]) -> Option<usize> {
    let (_, begin) = time_of(line)?;
    let length = begin + PART;
    time_of(line.get(length..)?).map(|_| length)
}

/// How many bytes at the end are the beginning of a character that is not whole.
fn unfinished(bytes: &[u8]) -> usize {
    let begins = |count: &usize| {
        let end = std::str::from_utf8(&bytes[bytes.len() - count..]);
        end.is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (1..=bytes.len().min(3)).find(begins).unwrap_or_default()
}

/// The events of a line: one, unless it is too long. An empty line is none: CloudWatch takes no empty event.
fn events(at: i64, bytes: &[u8], events: &mut Vec<Event>) {
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let text = String::from_utf8_lossy(bytes);
    let mut rest = text.as_ref();
    while !rest.is_empty() {
        let mut end = rest.len().min(LONGEST);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (first, others) = rest.split_at(end);
        events.push(Event { at, text: first.to_owned() });
        rest = others;
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn piece(stream: u8, text: &str) -> LogPiece {
        LogPiece { stream, bytes: Bytes::copy_from_slice(text.as_bytes()) }
    }

    fn texts(lines: &Lines) -> Vec<&str> {
        lines.events.iter().map(|event| event.text.as_str()).collect()
    }

    const AT: &str = "2026-11-26T00:00:00.123456789Z";

    #[test]
    fn a_record_is_a_line() {
        let mut assembler = Assembler::default();
        let lines = assembler.take(&piece(1, &format!("{AT} hello world\n")));
        assert_eq!(texts(&lines), ["hello world"]);
        assert_eq!(lines.events[0].at % 1000, 123);
        assert_eq!(lines.records.len(), 1);
        assert!(!assembler.is_open());
        let empty = assembler.take(&piece(1, &format!("{AT} \n")));
        assert_eq!((empty.events.len(), empty.records.len()), (0, 1), "it is counted and not sent");
    }

    #[test]
    fn what_was_used_and_is_gone_is_not_passed_over_in_what_is_left() {
        let mut assembler = Assembler::skipping(1_000, Some(1_800_000_005));
        let at = |second: i64| chrono::DateTime::from_timestamp(second, 0).unwrap().to_rfc3339();
        let mut take = |second: i64| {
            let lines = assembler.take(&piece(1, &format!("{} {second}\n", at(second))));
            (lines.events.len(), lines.records.len(), assembler.takes_gap())
        };
        assert_eq!(take(1_800_000_004), (0, 0, false));
        assert_eq!(take(1_800_000_005), (0, 0, false));
        assert_eq!(take(1_800_000_060), (1, 1, true));
        // Two outputs are out of order by a little.
        assert_eq!(take(1_800_000_059), (1, 1, false));
    }

    #[test]
    fn a_long_line_comes_in_parts_between_those_of_the_other_output() {
        let mut assembler = Assembler::default();
        assert!(texts(&assembler.take(&piece(1, &format!("{AT} one")))).is_empty());
        assert_eq!(texts(&assembler.take(&piece(2, &format!("{AT} error\n")))), ["error"]);
        assert!(assembler.is_open());
        assert_eq!(texts(&assembler.take(&piece(1, &format!("{AT} two\n")))), ["onetwo"]);
        assert!(!assembler.is_open());
    }

    #[test]
    fn a_terminal_is_cut_anywhere() {
        let mut assembler = Assembler::default();
        let text = format!("{AT} one\r\n{AT} two\r\n");
        let mut all = Vec::new();
        for byte in text.chars() {
            all.extend(assembler.take(&piece(0, &byte.to_string())).events);
        }
        assert_eq!(all.iter().map(|event| event.text.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn a_long_line_of_a_terminal_is_what_was_written() {
        for length in [PART + 1, 3 * PART, 40 * PART + 7] {
            let text = "€".repeat(length / 3);
            let mut record = Vec::new();
            for part in text.as_bytes().chunks(PART) {
                record.extend([AT.as_bytes(), b" ", part].concat());
            }
            record.extend(format!("\r\n{AT} next\r\n").into_bytes());
            let (mut assembler, mut all, mut records) = (Assembler::default(), Vec::new(), 0);
            for bytes in record.chunks(1000) {
                let lines = assembler.take(&LogPiece { stream: 0, bytes: Bytes::copy_from_slice(bytes) });
                all.extend(lines.events.into_iter().map(|event| event.text));
                records += lines.records.len();
            }
            assert_eq!(all.pop().as_deref(), Some("next"));
            assert!(all.concat() == text, "{} of {} bytes", all.concat().len(), text.len());
            assert_eq!(records, text.len().div_ceil(PART) + 1);
            assert!(!assembler.is_open());
        }
    }

    #[test]
    fn what_is_known_is_passed_over_whatever_it_comes_with() {
        // The end of what a container wrote may have no newline; and of a terminal, a piece may hold several lines.
        for stream in [0, 1] {
            let mut assembler = Assembler::skipping(1, None);
            let first = assembler.take(&piece(stream, &format!("{AT} known")));
            assert_eq!((first, assembler.finish(), assembler.is_open()), (Lines::default(), Lines::default(), false));
        }
        let mut assembler = Assembler::skipping(1, None);
        let lines = assembler.take(&piece(0, &format!("{AT} known\r\n{AT} new\r\n")));
        assert_eq!((texts(&lines), lines.records.len()), (vec!["new"], 1));
    }

    #[test]
    fn what_is_too_long_is_cut_at_a_character() {
        let mut assembler = Assembler::default();
        let text = "ä".repeat(LONGEST);
        let lines = assembler.take(&piece(1, &format!("{AT} {text}\n")));
        assert!(lines.events.iter().all(|event| event.text.len() <= LONGEST));
        assert_eq!(texts(&lines).concat(), text);
    }

    #[test]
    fn a_character_that_the_engine_cuts_is_whole() {
        let text = "€".repeat(3 * LONGEST / 5);
        let mut assembler = Assembler::default();
        let mut all = String::new();
        let parts: Vec<&[u8]> = text.as_bytes().chunks(16 * 1024).collect();
        for (index, part) in parts.iter().enumerate() {
            let end: &[u8] = if index + 1 == parts.len() { b"\n" } else { b"" };
            let bytes = [AT.as_bytes(), b" ", part, end].concat();
            all.extend(texts(&assembler.take(&LogPiece { stream: 1, bytes: bytes.into() })));
        }
        assert!(all == text && !assembler.is_open(), "{} of {} bytes", all.len(), text.len());
    }
}
