//! The two algorithms.
//!
//! States of compressors are some 300 KiB each, and those of decompressors some 50 to 160 KiB. A thread keeps one of each kind for whichever
//! connection needs it next, so that thousands of connections do not have thousands of them.

use std::cell::RefCell;

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};
use zstd::bulk::Compressor;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation as _, OutBuffer};

use super::Compression;
use crate::{Error, Result};

/// The largest window of a zstd frame: that of 16 MiB, which is as much as a frame of the protocol gives.
const ZSTD_WINDOW_LOG_MAX: u32 = 24;

/// States that no connection uses at the moment.
#[derive(Default)]
struct Spare {
    zlib_inflater: Option<Box<Decompress>>,
    zstd_inflater: Option<Box<Decoder<'static>>>,
    zlib_deflater: Option<Box<Compress>>,
    zstd_deflater: Option<(u8, Box<Compressor<'static>>)>,
}

thread_local! {
    static SPARE: RefCell<Spare> = RefCell::default();
}

/// What came of a step.
pub(super) struct Step {
    pub taken_bytes: usize,
    pub given_bytes: usize,
    /// The stream ends here.
    pub is_end: bool,
}

/// A decompressor at work on one frame.
pub(super) enum Inflater {
    Zlib(Box<Decompress>),
    Zstd(Box<Decoder<'static>>),
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Inflater::Zlib(_) => "Zlib",
            Inflater::Zstd(_) => "Zstd",
        })
    }
}

impl Inflater {
    /// One that is at the beginning of a stream.
    pub fn take(compression: Compression) -> Result<Inflater> {
        match compression {
            Compression::Zlib => {
                let spare = SPARE.with_borrow_mut(|spare| spare.zlib_inflater.take());
                let mut inflater = spare.unwrap_or_else(|| Box::new(Decompress::new(true)));
                inflater.reset(true);
                Ok(Inflater::Zlib(inflater))
            }
            Compression::Zstd { .. } => {
                if let Some(mut inflater) = SPARE.with_borrow_mut(|spare| spare.zstd_inflater.take())
                    && inflater.reinit().is_ok()
                {
                    return Ok(Inflater::Zstd(inflater));
                }
                let mut inflater = Decoder::new().map_err(|_| Error::Uncompress)?;
                inflater
                    .set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX))
                    .map_err(|_| Error::Uncompress)?;
                Ok(Inflater::Zstd(Box::new(inflater)))
            }
        }
    }

    /// Keeps it for the next frame of any connection.
    pub fn put_back(self) {
        SPARE.with_borrow_mut(|spare| match self {
            Inflater::Zlib(inflater) => spare.zlib_inflater = Some(inflater),
            Inflater::Zstd(inflater) => spare.zstd_inflater = Some(inflater),
        });
    }

    /// Inflates as much of `input` as there is room for; none when it is damaged.
    pub fn step(&mut self, input: &[u8], output: &mut [u8]) -> Option<Step> {
        match self {
            Inflater::Zlib(inflater) => {
                let (taken, given) = (inflater.total_in(), inflater.total_out());
                let status = inflater.decompress(input, output, FlushDecompress::None).ok()?;
                Some(Step {
                    taken_bytes: (inflater.total_in() - taken) as usize,
                    given_bytes: (inflater.total_out() - given) as usize,
                    is_end: status == Status::StreamEnd,
                })
            }
            Inflater::Zstd(inflater) => {
                let (mut source, mut target) = (InBuffer::around(input), OutBuffer::around(output));
                let wanted = inflater.run(&mut source, &mut target).ok()?;
                // Without any input there is no frame that could have ended.
                Some(Step {
                    taken_bytes: source.pos(),
                    given_bytes: target.pos(),
                    is_end: wanted == 0 && (source.pos() > 0 || target.pos() > 0),
                })
            }
        }
    }
}

/// Compresses `part` to the beginning of `out`; none when it does not become smaller than that.
pub(super) fn deflate(compression: Compression, part: &[u8], out: &mut [u8]) -> Option<usize> {
    SPARE.with_borrow_mut(|spare| match compression {
        Compression::Zlib => {
            let deflater = spare.zlib_deflater.get_or_insert_with(|| {
                let level = flate2::Compression::new(Compression::ZLIB_LEVEL.into());
                Box::new(Compress::new(level, true))
            });
            deflater.reset();
            let status = deflater.compress(part, out, FlushCompress::Finish).ok()?;
            let length = deflater.total_out() as usize;
            (status == Status::StreamEnd && length < part.len()).then_some(length)
        }
        Compression::Zstd { level } => {
            if spare.zstd_deflater.as_ref().is_none_or(|(spare_level, _)| *spare_level != level) {
                spare.zstd_deflater = Some((level, Box::new(Compressor::new(level.into()).ok()?)));
            }
            let (_, deflater) = spare.zstd_deflater.as_mut()?;
            let length = deflater.compress_to_buffer(part, out).ok()?;
            (length < part.len()).then_some(length)
        }
    })
}
