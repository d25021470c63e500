//! rpm's own database, `Packages.db` of SUSE: slots of 16 bytes that point to blobs (rpm, `lib/backend/ndb/rpmpkg.c`).

const HEADER_MAGIC: &[u8] = b"RpmP";
const SLOT_MAGIC: &[u8] = b"Slot";
const BLOB_MAGIC: &[u8] = b"BlbS";
/// Slots per page of 4096 bytes; the first two of the first page are the header.
const PAGE: usize = 4096;
const SLOT: usize = 16;
/// Blobs begin on a boundary of 16 bytes, with a head of as many.
const BLOCK: usize = 16;

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_le_bytes(four.try_into().ok()?)).ok()
}

/// The blobs of a database.
pub(super) fn blobs(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let known = bytes.starts_with(HEADER_MAGIC);
    let pages = number(bytes, 12).filter(|_| known).unwrap_or_default();
    let slots = bytes.get(..pages.saturating_mul(PAGE).min(bytes.len())).unwrap_or_default();
    slots.chunks_exact(SLOT).skip(2).filter_map(|slot| blob(bytes, slot))
}

fn blob<'b>(bytes: &'b [u8], slot: &[u8]) -> Option<&'b [u8]> {
    let (package, offset) = (number(slot, 4)?, number(slot, 8)?);
    if !slot.starts_with(SLOT_MAGIC) || package == 0 || offset == 0 {
        return None;
    }
    let at = offset.checked_mul(BLOCK)?;
    let head = bytes.get(at..at.checked_add(BLOCK)?)?;
    if !head.starts_with(BLOB_MAGIC) || number(head, 4)? != package {
        return None;
    }
    let from = at + BLOCK;
    bytes.get(from..from.checked_add(number(head, 12)?)?)
}

#[cfg(test)]
mod tests {
    use super::super::header::tests::header;
    use super::super::read;
    use super::*;

    fn database(headers: &[Vec<u8>]) -> Vec<u8> {
        let field = |value: usize| (value as u32).to_le_bytes();
        let mut bytes = [HEADER_MAGIC, &field(0), &field(1), &field(1), &field(99), &[0; 12]].concat();
        bytes.resize(PAGE, 0);
        for (at, header) in headers.iter().enumerate() {
            let (package, offset) = (at + 1, bytes.len() / BLOCK);
            let slot = [SLOT_MAGIC, &field(package), &field(offset), &field(1)].concat();
            bytes[(at + 2) * SLOT..(at + 3) * SLOT].copy_from_slice(&slot);
            bytes.extend([BLOB_MAGIC, &field(package), &field(1), &field(header.len())].concat());
            bytes.extend(header);
            bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        }
        bytes
    }

    #[test]
    fn packages_are_read_and_damage_is_passed_over() {
        let bytes = database(&[header("a", "1", "1", None, "(none)"), header("b", "2", "1", None, "c-2-1.src.rpm")]);
        let names: Vec<String> = read(&bytes).into_iter().map(|package| package.name).collect();
        assert_eq!(names, ["a", "b"]);
        for at in (0..bytes.len()).step_by(5) {
            let mut damaged = bytes.clone();
            damaged[at] = 0xff;
            read(&damaged);
            read(&bytes[..at]);
        }
    }
}
