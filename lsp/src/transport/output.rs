//! What is on its way to the client.

use std::collections::VecDeque;
use std::future;
use std::io;
use std::pin::Pin;

use serde::Serialize;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Messages that wait for the client to read them, and where they are written.
pub struct Output<O> {
    output: Pin<Box<O>>,
    waiting: VecDeque<Vec<u8>>,
    /// How many bytes of the first message are written.
    written: usize,
    /// How many bytes wait.
    bytes: usize,
    is_unflushed: bool,
}

/// With more bytes than this on their way, nothing is read until the client has read some of them.
const MOST: usize = 64 * 1024 * 1024;

impl<O: AsyncWrite> Output<O> {
    /// Nothing waits.
    pub fn new(output: O) -> Self {
        Self {
            output: Box::pin(output),
            waiting: VecDeque::new(),
            written: 0,
            bytes: 0,
            is_unflushed: false,
        }
    }

    /// Whether more can be put here.
    pub fn has_room(&self) -> bool {
        self.bytes <= MOST
    }

    /// Puts a message here, in the order in which the client reads them.
    ///
    /// # Errors
    /// Where it cannot be written as JSON.
    pub fn put(&mut self, message: &impl Serialize) -> serde_json::Result<()> {
        let body = serde_json::to_vec(message)?;
        let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        frame.extend_from_slice(&body);
        self.bytes += frame.len();
        self.waiting.push_back(frame);
        Ok(())
    }

    /// Writes what waits, and then waits itself. Nothing is lost where this future is dropped.
    ///
    /// # Errors
    /// Where the client has closed its end.
    pub async fn drive(&mut self) -> io::Result<()> {
        self.drain().await?;
        future::pending().await
    }

    /// Writes what waits. Nothing is lost where this future is dropped.
    ///
    /// # Errors
    /// Where the client has closed its end.
    pub async fn drain(&mut self) -> io::Result<()> {
        while let Some(first) = self.waiting.front() {
            let rest = first.get(self.written..).unwrap_or_default();
            let written = self.output.write(rest).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.is_unflushed = true;
            self.written += written;
            if self.written >= first.len() {
                self.bytes -= first.len();
                self.written = 0;
                self.waiting.pop_front();
            }
        }
        if self.is_unflushed {
            self.output.flush().await?;
            self.is_unflushed = false;
        }
        Ok(())
    }
}
