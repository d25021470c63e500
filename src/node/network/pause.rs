//! The image of the container that holds a task's network. It is made on the host, of a tree with one file.

use bytes::Bytes;

use super::elf;
use crate::engine::{Engine, Failure, Image};

/// Its name. No registry is meant.
pub(crate) const IMAGE: &str = "wharf.local/pause:1";

/// The image, made if it is not there.
pub(crate) async fn ensure<E: Engine>(engine: &E) -> Result<Image, Failure> {
    if let Some(image) = engine.image(IMAGE).await? {
        return Ok(image);
    }
    let program = elf::program().ok_or_else(|| {
        Failure(format!("ResourceInitializationError: there is no pause program for {}", std::env::consts::ARCH))
    })?;
    engine.import(IMAGE, Bytes::from(archive("pause", &program))).await?;
    let image = engine.image(IMAGE).await?;
    image.ok_or_else(|| Failure("ResourceInitializationError: the pause image cannot be made".to_owned()))
}

/// A tar archive with one program in it.
fn archive(name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    let mut put = |at: usize, text: &[u8]| {
        for (place, byte) in header.iter_mut().skip(at).zip(text) {
            *place = *byte;
        }
    };
    put(0, name.as_bytes());
    put(100, b"0000755\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{:011o}\0", content.len()).as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    for (place, byte) in header.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").bytes()) {
        *place = byte;
    }
    let mut archive = header.to_vec();
    archive.extend(content);
    // Whole blocks, and two of nothing at the end.
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}
