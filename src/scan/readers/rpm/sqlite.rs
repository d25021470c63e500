//! The blobs of `rpmdb.sqlite`, read from the pages of the file: the table `Packages` of a database that an image brings is
//! no reason to run a database engine on it. Reads rows of table b-trees with their overflow pages, and nothing else
//! (SQLite, "Database File Format").

/// Pages that are looked at, and pages of one blob: a file of hostile pages may have them point in a circle.
const MAX_PAGES: usize = 200_000;
/// Bytes of all blobs together, each with what it takes to hold one: a circle of pages gives more than there is.
const MAX_BYTES: usize = 128 << 20;
const EACH: usize = 256;
/// Columns of a row that are looked at; nothing that is wanted stands behind them.
const COLUMNS: usize = 4;

struct File<'b> {
    bytes: &'b [u8],
    page_size: usize,
    /// What of each page is used.
    usable: usize,
    pages_left: usize,
    bytes_left: usize,
}

/// A row: the bytes of its record.
type Records = Vec<Vec<u8>>;

/// The blobs of the table `Packages`, as far as they can be read.
pub(super) fn blobs(bytes: &[u8]) -> Vec<Vec<u8>> {
    let Some(size) = bytes.get(16..18).map(|two| usize::from(u16::from_be_bytes([two[0], two[1]]))) else {
        return Vec::new();
    };
    let page_size = if size == 1 { 65_536 } else { size };
    let reserved = bytes.get(20).copied().map_or(0, usize::from);
    if page_size < 512 || !page_size.is_power_of_two() || reserved > 32 {
        return Vec::new();
    }
    let usable = page_size - reserved;
    let mut file = File { bytes, page_size, usable, pages_left: MAX_PAGES, bytes_left: MAX_BYTES };
    // The schema: type, name, table, root page, statement.
    let root = file.table(1).iter().find_map(|record| {
        let columns = columns(record)?;
        let is = |at: usize, text: &[u8]| columns.get(at).is_some_and(|column| *column == text);
        let root = columns.get(3)?.iter().fold(0_usize, |value, byte| value << 8 | usize::from(*byte));
        (is(0, b"table") && is(1, b"Packages")).then_some(root)
    });
    let Some(root) = root else { return Vec::new() };
    // The key is the row's own, and so has no bytes; the blob is the second column.
    file.table(root).into_iter().filter_map(|record| Some(columns(&record)?.get(1)?.to_vec())).collect()
}

impl<'b> File<'b> {
    fn page(&mut self, number: usize) -> Option<&'b [u8]> {
        self.pages_left = self.pages_left.checked_sub(1)?;
        let from = number.checked_sub(1)?.checked_mul(self.page_size)?;
        self.bytes.get(from..from.checked_add(self.page_size)?)
    }

    /// The records of the table whose b-tree has its root on a page.
    fn table(&mut self, root: usize) -> Records {
        let mut records = Vec::new();
        let mut waiting = vec![root];
        while let Some(number) = waiting.pop() {
            let Some(page) = self.page(number) else { continue };
            // The first page begins with the head of the file.
            let head = if number == 1 { 100 } else { 0 };
            let kind = page[head];
            let cells = two(page, head + 3).unwrap_or_default();
            let pointers = head + if kind == 5 { 12 } else { 8 };
            for at in 0..cells {
                let Some(cell) = two(page, pointers + at * 2) else { break };
                match kind {
                    5 => waiting.extend(four(page, cell)),
                    13 => records.extend(self.record(page, cell)),
                    _ => {}
                }
            }
            if kind == 5 {
                waiting.extend(four(page, head + 8));
            }
            if waiting.len() > MAX_PAGES {
                break;
            }
        }
        records
    }

    /// The record of a cell of a leaf, with what overflows.
    fn record(&mut self, page: &[u8], cell: usize) -> Option<Vec<u8>> {
        let (length, at) = varint(page, cell)?;
        let (_, at) = varint(page, at)?;
        self.bytes_left = self.bytes_left.checked_sub(length.checked_add(EACH)?)?;
        let most = self.usable - 35;
        let here = if length <= most {
            length
        } else {
            let least = (self.usable - 12) * 32 / 255 - 23;
            let wanted = least + (length - least) % (self.usable - 4);
            if wanted <= most { wanted } else { least }
        };
        let end = at.checked_add(here)?;
        let mut record = page.get(at..end)?.to_vec();
        let mut next = if here < length { four(page, end)? } else { 0 };
        while record.len() < length {
            let overflow = self.page(next)?;
            let more = (length - record.len()).min(self.usable - 4);
            record.extend(overflow.get(4..4 + more)?);
            next = four(overflow, 0)?;
        }
        Some(record)
    }
}

/// The bytes of the columns of a record. Numbers that are in the head have none.
fn columns(record: &[u8]) -> Option<Vec<&[u8]>> {
    let (head, mut at) = varint(record, 0)?;
    let mut columns = Vec::new();
    let mut from = head;
    while at < head && columns.len() < COLUMNS {
        let (kind, next) = varint(record, at)?;
        at = next;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            _ if kind >= 12 => (kind - 12) / 2,
            _ => return None,
        };
        let end = from.checked_add(length)?;
        columns.push(record.get(from..end)?);
        from = end;
    }
    Some(columns)
}

fn two(bytes: &[u8], at: usize) -> Option<usize> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    Some(usize::from(u16::from_be_bytes([two[0], two[1]])))
}

fn four(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_be_bytes(four.try_into().ok()?)).ok()
}

/// A number of at most nine bytes, and where it ends.
fn varint(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut value = 0_u64;
    for (place, byte) in bytes.get(at..)?.iter().take(9).enumerate() {
        if place == 8 {
            value = value << 8 | u64::from(*byte);
            return Some((usize::try_from(value).ok()?, at + 9));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, at + place + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_to_their_end() {
        assert_eq!(varint(&[0x7f], 0), Some((127, 1)));
        assert_eq!(varint(&[0x81, 0x00], 0), Some((128, 2)));
        assert_eq!(varint(&[0x80], 0), None);
        assert_eq!(varint(&[], 5), None);
    }

    #[test]
    fn files_that_are_no_databases_have_no_blobs() {
        let mut bytes = b"SQLite format 3\0".to_vec();
        for length in [16, 18, 21, 100, 4096, 8192] {
            bytes.resize(length, 0);
            assert!(blobs(&bytes).is_empty());
        }
        // Pages of which each is its own child.
        let mut bytes = vec![0; 1024];
        bytes[..16].copy_from_slice(b"SQLite format 3\0");
        bytes[16..18].copy_from_slice(&512_u16.to_be_bytes());
        bytes[100] = 5;
        bytes[103..105].copy_from_slice(&100_u16.to_be_bytes());
        bytes[111] = 1;
        assert!(blobs(&bytes).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_page_makes_it_panic(page in proptest::collection::vec(proptest::num::u8::ANY, 924), kind in 0_usize..3) {
            let mut bytes = b"SQLite format 3\0".to_vec();
            bytes.extend(512_u16.to_be_bytes());
            bytes.resize(100, 0);
            bytes.extend(page);
            bytes[100] = [5, 13, 0][kind];
            blobs(&bytes);
        }
    }
}
