//! The embedded files of the page.

/// A file of the page.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its path below the server's root; empty for the page itself.
    pub path: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// Its text.
    pub text: &'static str,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// All of the page's files. Those in `vendor` are of uPlot, as it is published; `page/vendor/uPlot.LICENSE` is its license.
pub const FILES: &[File] = &[
    File {
        path: "",
        media_type: "text/html; charset=utf-8",
        text: include_str!("page/index.html"),
    },
    File {
        path: "style.css",
        media_type: STYLE,
        text: include_str!("page/style.css"),
    },
    File {
        path: "vendor/uPlot.min.css",
        media_type: STYLE,
        text: include_str!("page/vendor/uPlot.min.css"),
    },
    File {
        path: "vendor/uPlot.iife.min.js",
        media_type: SCRIPT,
        text: include_str!("page/vendor/uPlot.iife.min.js"),
    },
    File {
        path: "alerts.js",
        media_type: SCRIPT,
        text: include_str!("page/alerts.js"),
    },
    File {
        path: "app.js",
        media_type: SCRIPT,
        text: include_str!("page/app.js"),
    },
    File {
        path: "charts.js",
        media_type: SCRIPT,
        text: include_str!("page/charts.js"),
    },
    File {
        path: "colors.js",
        media_type: SCRIPT,
        text: include_str!("page/colors.js"),
    },
    File {
        path: "dashboard.js",
        media_type: SCRIPT,
        text: include_str!("page/dashboard.js"),
    },
    File {
        path: "data.js",
        media_type: SCRIPT,
        text: include_str!("page/data.js"),
    },
    File {
        path: "dom.js",
        media_type: SCRIPT,
        text: include_str!("page/dom.js"),
    },
    File {
        path: "graph.js",
        media_type: SCRIPT,
        text: include_str!("page/graph.js"),
    },
    File {
        path: "legend.js",
        media_type: SCRIPT,
        text: include_str!("page/legend.js"),
    },
    File {
        path: "plot.js",
        media_type: SCRIPT,
        text: include_str!("page/plot.js"),
    },
    File {
        path: "table.js",
        media_type: SCRIPT,
        text: include_str!("page/table.js"),
    },
    File {
        path: "units.js",
        media_type: SCRIPT,
        text: include_str!("page/units.js"),
    },
];
