//! A browser without a window.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::PathBuf;
use std::time::Duration;

use headless_chrome::{Browser, LaunchOptions};

/// How long a tab may do nothing. Long pages are drawn slowly on a busy build server.
const IDLE: Duration = Duration::from_secs(180);

/// Starts Chromium.
pub fn start(chromium: PathBuf) -> Browser {
    start_sized(chromium, (1400, 1000))
}

/// Starts Chromium with a window of this width and height in pixels.
pub fn start_sized(chromium: PathBuf, size: (u32, u32)) -> Browser {
    let options = LaunchOptions::default_builder()
        .path(Some(chromium))
        .sandbox(false)
        .window_size(Some(size))
        .idle_browser_timeout(IDLE)
        .build()
        .expect("options");
    Browser::new(options).expect("Chromium starts")
}
