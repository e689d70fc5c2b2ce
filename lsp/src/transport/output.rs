//! Messages to the client.

use std::collections::VecDeque;
use std::future;
use std::io;
use std::pin::Pin;

use serde::Serialize;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Messages that the client has not read yet, and their stream.
pub struct Output<O> {
    output: Pin<Box<O>>,
    waiting: VecDeque<Vec<u8>>,
    /// Number of bytes of the first message that are written.
    written: usize,
    /// Number of bytes that are waiting.
    bytes: usize,
    is_unflushed: bool,
}

/// With more bytes than this waiting, nothing is read from the client.
const MOST: usize = 64 * 1024 * 1024;

impl<O: AsyncWrite> Output<O> {
    /// Creates an empty queue.
    pub fn new(output: O) -> Self {
        Self {
            output: Box::pin(output),
            waiting: VecDeque::new(),
            written: 0,
            bytes: 0,
            is_unflushed: false,
        }
    }

    /// True if more messages may be added.
    pub fn has_room(&self) -> bool {
        self.bytes <= MOST
    }

    /// Adds a message.
    ///
    /// # Errors
    /// If it cannot be serialized.
    pub fn push(&mut self, message: &impl Serialize) -> serde_json::Result<()> {
        let body = serde_json::to_vec(message)?;
        let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        frame.extend_from_slice(&body);
        self.bytes += frame.len();
        self.waiting.push_back(frame);
        Ok(())
    }

    /// Writes the messages, and then waits forever. Cancel-safe.
    ///
    /// # Errors
    /// If the client has closed its end.
    pub async fn drive(&mut self) -> io::Result<()> {
        self.drain().await?;
        future::pending().await
    }

    /// Writes the messages. Cancel-safe.
    ///
    /// # Errors
    /// If the client has closed its end.
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
