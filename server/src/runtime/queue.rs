//! The queues between the threads of a node: many senders, one receiver that sleeps when there is nothing.
//!
//! A commit passes eight of these. Most of the time the receiver of each has nothing to do, and the two cores of a small machine are
//! wanted by the other threads: one that spins, or yields its core again and again before it sleeps (as the channels of crossbeam do, for
//! machines with cores to spare), takes from the very threads that it waits for. Measured with one client on two cores: a third of the
//! consensus thread's time went there, and 15 switches of threads a transaction. So a receiver here goes to sleep at once, and a sender
//! wakes it only when it does sleep: while it works, what comes is taken without a system call.
//!
//! Invariants: what one sender sends is received in its order; a receiver that sleeps is woken by the first that is sent, and by the
//! end of the last sender. Errors are those of crossbeam's channels, which these stand in for.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};
use parking_lot::{Condvar, Mutex};

struct State<T> {
    queue: VecDeque<T>,
    sender_count: usize,
    is_received: bool,
    /// The receiver sleeps, and nobody has woken it.
    sleeps: bool,
    /// Senders that sleep because it is full.
    blocked_count: usize,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    /// No longer empty, or no more senders.
    filled: Condvar,
    /// No longer full, or no more receiver.
    drained: Condvar,
    items_max: usize,
}

/// The end that things are put in.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

/// The end that they come out of.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
}

/// A queue that holds at most `items_max`; past it senders wait, or are refused.
#[must_use]
pub fn bounded<T>(items_max: usize) -> (Sender<T>, Receiver<T>) {
    assert!(items_max > 0, "a queue holds something");
    let state =
        State { queue: VecDeque::new(), sender_count: 1, is_received: true, sleeps: false, blocked_count: 0 };
    let shared = Arc::new(Shared {
        state: Mutex::new(state),
        filled: Condvar::new(),
        drained: Condvar::new(),
        items_max,
    });
    (Sender { shared: Arc::clone(&shared) }, Receiver { shared })
}

/// A queue for what is bounded elsewhere.
#[must_use]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    bounded(usize::MAX)
}

impl<T> Sender<T> {
    /// Puts something in, and waits while there is no room.
    ///
    /// # Errors
    /// When the receiver is gone.
    pub fn send(&self, item: T) -> Result<(), SendError<T>> {
        let mut state = self.shared.state.lock();
        while state.is_received && state.queue.len() >= self.shared.items_max {
            state.blocked_count += 1;
            self.shared.drained.wait(&mut state);
            state.blocked_count -= 1;
        }
        if !state.is_received {
            return Err(SendError(item));
        }
        state.queue.push_back(item);
        let wakes = std::mem::take(&mut state.sleeps);
        drop(state);
        if wakes {
            self.shared.filled.notify_one();
        }
        Ok(())
    }

    /// Puts something in, unless there is no room.
    ///
    /// # Errors
    /// When there is none, or the receiver is gone.
    pub fn try_send(&self, item: T) -> Result<(), TrySendError<T>> {
        let mut state = self.shared.state.lock();
        if !state.is_received {
            return Err(TrySendError::Disconnected(item));
        }
        if state.queue.len() >= self.shared.items_max {
            return Err(TrySendError::Full(item));
        }
        state.queue.push_back(item);
        let wakes = std::mem::take(&mut state.sleeps);
        drop(state);
        if wakes {
            self.shared.filled.notify_one();
        }
        Ok(())
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        self.shared.state.lock().sender_count += 1;
        Sender { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.sender_count -= 1;
        if state.sender_count == 0 {
            state.sleeps = false;
            drop(state);
            self.shared.filled.notify_one();
        }
    }
}

impl<T> Receiver<T> {
    fn pop(&self, state: &mut State<T>) -> Option<T> {
        let item = state.queue.pop_front()?;
        if state.blocked_count > 0 {
            self.shared.drained.notify_one();
        }
        Some(item)
    }

    /// The next, as soon as there is one.
    ///
    /// # Errors
    /// When it is empty and all senders are gone.
    pub fn recv(&self) -> Result<T, RecvError> {
        let mut state = self.shared.state.lock();
        loop {
            if let Some(item) = self.pop(&mut state) {
                return Ok(item);
            }
            if state.sender_count == 0 {
                return Err(RecvError);
            }
            state.sleeps = true;
            self.shared.filled.wait(&mut state);
        }
    }

    /// As [`Receiver::recv`], until a point in time.
    ///
    /// # Errors
    /// When nothing came by then, or all senders are gone.
    pub fn recv_deadline(&self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        let mut state = self.shared.state.lock();
        loop {
            if let Some(item) = self.pop(&mut state) {
                return Ok(item);
            }
            if state.sender_count == 0 {
                return Err(RecvTimeoutError::Disconnected);
            }
            state.sleeps = true;
            if self.shared.filled.wait_until(&mut state, deadline).timed_out() {
                state.sleeps = false;
                return self.pop(&mut state).ok_or(RecvTimeoutError::Timeout);
            }
        }
    }

    /// As [`Receiver::recv`], for so long.
    ///
    /// # Errors
    /// When nothing came in time, or all senders are gone.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        // Not a look at the clock for what is there already.
        match self.try_recv() {
            Ok(item) => Ok(item),
            Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
            Err(TryRecvError::Empty) => self.recv_deadline(Instant::now() + timeout),
        }
    }

    /// The next, if there is one.
    ///
    /// # Errors
    /// When there is none.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = self.shared.state.lock();
        match self.pop(&mut state) {
            Some(item) => Ok(item),
            None if state.sender_count == 0 => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        }
    }

    /// All that are there now, taken at once.
    #[must_use]
    pub fn take_all(&self) -> VecDeque<T> {
        let mut state = self.shared.state.lock();
        if state.blocked_count > 0 {
            self.shared.drained.notify_all();
        }
        std::mem::take(&mut state.queue)
    }

    /// Whether there is nothing now.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.shared.state.lock().queue.is_empty()
    }

    /// Those that are there, one by one, until there is none.
    #[cfg(test)]
    pub fn try_iter(&self) -> impl Iterator<Item = T> {
        std::iter::from_fn(|| self.try_recv().ok())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.is_received = false;
        let left = std::mem::take(&mut state.queue);
        drop(state);
        self.shared.drained.notify_all();
        // Dropping them may run anything: not under the lock.
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT_MAX: Duration = Duration::from_secs(20);

    #[test]
    fn what_each_sender_sends_comes_in_its_order_and_all_of_it() {
        const COUNT: usize = 20_000;
        for items_max in [1, 7, usize::MAX] {
            let (sender, receiver) = bounded(items_max);
            std::thread::scope(|scope| {
                for id in 0..3_usize {
                    let sender = sender.clone();
                    scope.spawn(move || (0..COUNT).for_each(|number| sender.send((id, number)).unwrap()));
                }
                drop(sender);
                let mut next = [0; 3];
                while let Ok((id, number)) = receiver.recv() {
                    assert_eq!(next[id], number);
                    next[id] += 1;
                    if number % 100 == 0 {
                        for (id, number) in receiver.take_all() {
                            assert_eq!(next[id], number);
                            next[id] += 1;
                        }
                    }
                }
                assert_eq!(next, [COUNT; 3]);
            });
        }
    }

    #[test]
    fn a_full_queue_refuses_or_waits() {
        let (sender, receiver) = bounded(2);
        sender.send(1).unwrap();
        sender.try_send(2).unwrap();
        assert_eq!(sender.try_send(3), Err(TrySendError::Full(3)));
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| sender.send(3));
            assert_eq!(receiver.recv_timeout(WAIT_MAX), Ok(1));
            waits.join().unwrap().unwrap();
        });
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [2, 3]);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(receiver.recv_timeout(Duration::from_millis(5)), Err(RecvTimeoutError::Timeout));
    }

    #[test]
    fn the_end_of_either_side_ends_the_wait_of_the_other() {
        let (sender, receiver) = bounded::<u8>(1);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| receiver.recv());
            drop(sender);
            assert_eq!(waits.join().unwrap(), Err(RecvError));
        });
        assert_eq!(receiver.recv_timeout(WAIT_MAX), Err(RecvTimeoutError::Disconnected));
        let (sender, receiver) = bounded(1);
        sender.send(1).unwrap();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| sender.send(2));
            drop(receiver);
            assert_eq!(waits.join().unwrap(), Err(SendError(2)));
        });
        assert_eq!(sender.try_send(3), Err(TrySendError::Disconnected(3)));
    }
}
