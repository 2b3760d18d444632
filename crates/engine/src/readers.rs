//! [`Readers`]: what reads the last commit on any thread, beside the writer.
//!
//! Each thread has a place of its own as far as there are places: a catalog and handles on the pages looked at last,
//! both of some commit. A read goes on to the last commit if there is a newer one, and then asks nobody as long as it
//! finds its pages at hand. No reader has anything to do with the writer's turn.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use wasm_dbms_memory::{Apart, Snapshot, Snapshots};

use crate::Error;
use crate::core::Core;
use crate::error::Fallible;
use crate::heads::Heads;
use crate::store::Store;

/// How many threads read with a place of their own.
const PLACES: usize = 16;

/// How often a thread tries its own place before it goes to another's: a writer that lets go of what an idle reader keeps
/// is soon gone, and another place has none of the pages at hand that this one has.
const TRIES: u32 = 100;

type Place = Mutex<Option<Box<Core>>>;

/// The readers of a database.
#[derive(Debug)]
pub(crate) struct Readers {
    pub(crate) snapshots: Snapshots,
    pub(crate) heads: Arc<Heads>,
    /// Each is locked for every read of its thread, so no two share a cache line.
    places: [Apart<Place>; PLACES],
    /// Places that were ever taken, one bit each.
    taken: AtomicU32,
}

/// Where a reader is.
enum Seat<'a> {
    Placed(MutexGuard<'a, Option<Box<Core>>>),
    /// It found no place.
    Own(Box<Core>),
}

/// A reader of the last commit.
pub(crate) struct Reader<'a> {
    seat: Seat<'a>,
    readers: &'a Readers,
    head: &'a Mutex<Box<Core>>,
}

impl Readers {
    pub(crate) fn new(snapshots: Snapshots, heads: Arc<Heads>) -> Self {
        Self { snapshots, heads, places: Default::default(), taken: AtomicU32::new(0) }
    }

    /// A reader of the last commit, for the thread of this number.
    #[cfg_attr(target_family = "wasm", inline(never))]
    #[cfg_attr(not(target_family = "wasm"), inline)]
    pub(crate) fn reader<'a>(&'a self, thread: u64, head: &'a Mutex<Box<Core>>) -> Fallible<Reader<'a>> {
        let index = thread as usize % PLACES;
        let seat = match self.places.get(index).map(|place| place.try_lock()) {
            Some(Ok(place)) if place.as_ref().is_some_and(|core| core.is_last()) => Seat::Placed(place),
            other => {
                drop(other);
                self.find_place(index)?
            }
        };
        Ok(Reader { seat, readers: self, head })
    }

    #[cold]
    fn find_place(&self, first: usize) -> Fallible<Seat<'_>> {
        for index in (first..first + PLACES).map(|index| index % PLACES) {
            let Some(place) = self.places.get(index) else { continue };
            let tries = if index == first { TRIES } else { 1 };
            let Some(mut locked) = (0..tries).find_map(|_| {
                let locked = try_lock(place);
                if locked.is_none() {
                    std::hint::spin_loop();
                }
                locked
            }) else {
                continue;
            };
            match locked.as_mut() {
                Some(core) => core.follow()?,
                None => {
                    *locked = Some(self.new_core()?);
                    self.taken.fetch_or(1 << index, Ordering::Release);
                }
            }
            return Ok(Seat::Placed(locked));
        }
        Ok(Seat::Own(self.new_core()?))
    }

    fn new_core(&self) -> Fallible<Box<Core>> {
        Ok(Box::new(Core::over_snapshot(self.snapshots.take_reader(), Arc::clone(&self.heads))?))
    }

    /// Every reader gives up its place, and the commit it is at.
    pub(crate) fn leave(&self) {
        for place in &self.places {
            *lock(place) = None;
        }
    }

    /// Nothing need be kept for readers that do not read just now.
    #[inline]
    pub(crate) fn rest(&self) {
        self.rest_if(|_| true);
    }

    /// Nothing need be kept for readers that do not read just now and are not at the last commit.
    #[inline]
    pub(crate) fn rest_behind(&self) {
        self.rest_if(|snapshot| !snapshot.is_last());
    }

    fn rest_if(&self, rests: impl Fn(&Snapshot) -> bool) {
        let mut taken = self.taken.load(Ordering::Acquire);
        while taken != 0 {
            let index = taken.trailing_zeros() as usize;
            taken &= taken - 1;
            if let Some(place) = self.places.get(index)
                && let Some(mut place) = try_lock(place)
                && let Some(snapshot) = place.as_mut().and_then(|core| core.store.snapshot())
                && rests(snapshot)
            {
                snapshot.rest();
            }
        }
    }
}

/// What a panic left there is dropped.
fn try_lock(place: &Place) -> Option<MutexGuard<'_, Option<Box<Core>>>> {
    match place.try_lock() {
        Ok(place) => Some(place),
        Err(TryLockError::WouldBlock) => None,
        Err(TryLockError::Poisoned(poisoned)) => {
            let mut locked = poisoned.into_inner();
            *locked = None;
            place.clear_poison();
            Some(locked)
        }
    }
}

impl Reader<'_> {
    /// What it reads from.
    #[cfg_attr(target_family = "wasm", inline(never))]
    #[cfg_attr(not(target_family = "wasm"), inline)]
    pub(crate) fn core(&mut self) -> Fallible<&mut Core> {
        match &mut self.seat {
            Seat::Placed(place) => match place.as_deref_mut() {
                Some(core) => Ok(core),
                None => Err(Error::busy()),
            },
            Seat::Own(core) => Ok(core),
        }
    }

    /// A page could not be kept at hand, as there was no room: everybody else lets go of theirs, as far as they are not
    /// at work.
    #[cold]
    fn ask_for_room(&self) {
        self.readers.rest();
        if let Ok(mut core) = self.head.try_lock()
            && let Ok(head) = core.store.head()
        {
            head.inner_mut().give_room();
        }
    }
}

impl Drop for Reader<'_> {
    #[inline]
    fn drop(&mut self) {
        let core = match &mut self.seat {
            Seat::Placed(place) => place.as_deref_mut(),
            Seat::Own(core) => Some(core.as_mut()),
        };
        if let Some(Store::Snapshot(snapshot)) = core.map(|core| &mut core.store)
            && snapshot.take_pressure()
        {
            self.ask_for_room();
        }
    }
}

/// The lock of something that a panic cannot leave half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
