//! A connection that is cut in the middle of a transaction.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::thread;

use nth_ledger::{Interval, LedgerError, Location, Store, StoreOptions};

use crate::examples::{START, end, slices, slo};
use crate::places::{Database, Place as _};
use crate::support::Numbers;

/// A proxy between a client and a server that cuts a connection after some bytes.
struct Proxy {
    port: u16,
    /// How many bytes from the client may still pass before the connection is cut; negative: all.
    left: Arc<AtomicI64>,
    cuts: Arc<AtomicUsize>,
    /// Whether new connections end at once.
    is_closed: Arc<AtomicBool>,
}

impl Proxy {
    fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let left = Arc::new(AtomicI64::new(-1));
        let cuts = Arc::new(AtomicUsize::new(0));
        let is_closed = Arc::new(AtomicBool::new(false));
        let (budget, count) = (Arc::clone(&left), Arc::clone(&cuts));
        let refuses = Arc::clone(&is_closed);
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                if refuses.load(Ordering::SeqCst) {
                    continue;
                }
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                let answers = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let (budget, count) = (Arc::clone(&budget), Arc::clone(&count));
                thread::spawn(move || pass(client, server, Some((&budget, &count))));
                thread::spawn(move || pass(answers.0, answers.1, None));
            }
        });
        Self {
            port,
            left,
            cuts,
            is_closed,
        }
    }

    /// Cuts the connection after some more bytes of the client.
    fn cut_after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::SeqCst);
    }
}

/// Passes on what one side sends, until it ends or the budget is used up.
fn pass(mut from: TcpStream, mut to: TcpStream, limit: Option<(&AtomicI64, &AtomicUsize)>) {
    let mut bytes = [0; 4_096];
    while let Ok(length) = from.read(&mut bytes) {
        if length == 0 {
            break;
        }
        let mut allowed = length;
        let mut is_cut = false;
        if let Some((left, cuts)) = limit {
            let before = left.load(Ordering::SeqCst);
            if before >= 0 {
                allowed = length.min(usize::try_from(before).unwrap());
                is_cut = allowed < length;
                // After a cut, connections work again.
                let after = if is_cut { -1 } else { before - allowed as i64 };
                left.store(after, Ordering::SeqCst);
                cuts.fetch_add(usize::from(is_cut), Ordering::SeqCst);
            }
        }
        if to.write_all(&bytes[..allowed]).is_err() || is_cut {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

#[test]
fn nothing_is_lost_and_nothing_is_twice() {
    let Some(place) = Database::new() else {
        return;
    };
    let proxy = Proxy::start(place.session().port());
    let location = Location::parse(&place.session().url_at(proxy.port)).unwrap();
    let mut store = Store::open_or_create(&location, &StoreOptions::default()).unwrap();
    let read = slices(2_000);
    let mut numbers = Numbers(17);
    let mut new = 0;
    for part in read.chunks(100) {
        // A part has about 6 kB: cuts hit the begin, the query, the rows and the commit.
        proxy.cut_after(numbers.below(9_000) as i64);
        let recorded = store
            .record(&slo("a"), part, part.last().unwrap().end())
            .unwrap();
        new += recorded.new;
    }
    let cuts = proxy.cuts.load(Ordering::SeqCst);
    assert!(cuts >= 5, "only {cuts} cuts");
    // A part that was committed before the cut is repeated, and is not new then.
    assert!(new <= 2_000, "{new}");
    let all = Interval {
        from: START,
        until: end(2_000),
    };
    assert_eq!(place.store().slices(&slo("a"), all).unwrap(), read);
    assert_eq!(place.number("SELECT COUNT(*) FROM slices"), 2_000);
    assert_eq!(
        place.store().watermark(&slo("a")).unwrap(),
        Some(end(2_000))
    );
}

#[test]
fn a_server_that_stays_away_is_an_error() {
    let Some(place) = Database::new() else {
        return;
    };
    let proxy = Proxy::start(place.session().port());
    let location = Location::parse(&place.session().url_at(proxy.port)).unwrap();
    let mut store = Store::open_or_create(&location, &StoreOptions::default()).unwrap();
    store.record(&slo("a"), &slices(10), end(10)).unwrap();
    proxy.is_closed.store(true, Ordering::SeqCst);
    proxy.cut_after(20);
    let error = store.record(&slo("a"), &slices(20), end(20)).unwrap_err();
    assert!(
        matches!(error, LedgerError::ConnectionLost { .. }),
        "{error:?}"
    );
    assert_eq!(place.number("SELECT COUNT(*) FROM slices"), 10);
    // The same store works when the server is back.
    proxy.is_closed.store(false, Ordering::SeqCst);
    assert_eq!(
        store.record(&slo("a"), &slices(20), end(20)).unwrap().new,
        10
    );
}
