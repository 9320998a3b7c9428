//! The disk layer, mounted: what is lost, what is not, and that each fault is seen. Needs root and `/dev/fuse`, as the harness does.

#![expect(clippy::unwrap_used, reason = "tests: what fails here fails the test")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jepsen::disk::{Aim, DiskLayer, Fault};
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use tempfile::TempDir;

const ALWAYS: u32 = 1_000_000;

struct Disk {
    layer: Option<DiskLayer>,
    folder: TempDir,
}

impl Disk {
    /// None where the environment says that nothing can be mounted.
    fn new() -> Option<Disk> {
        if std::env::var_os("QUORATE_NO_NETNS").is_some() {
            eprintln!("left out: QUORATE_NO_NETNS is set: who may not make namespaces may not mount");
            return None;
        }
        let mut disk = Disk { layer: None, folder: tempfile::tempdir().unwrap() };
        disk.mount();
        Some(disk)
    }

    fn mount(&mut self) {
        self.layer = None;
        let program = Path::new(env!("CARGO_BIN_EXE_jepsen"));
        let (backing, mount) = (self.folder.path().join("backing"), self.folder.path().join("mount"));
        self.layer = Some(DiskLayer::mount(program, &backing, &mount).unwrap());
    }

    fn layer(&self) -> &DiskLayer {
        self.layer.as_ref().unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("mount").join(name)
    }

    fn lose(&self) {
        self.layer().lose_unsynced().unwrap();
    }

    fn sync_folder(&self, name: &str) {
        File::open(self.path(name)).unwrap().sync_all().unwrap();
    }

    /// A file that is there, name and content.
    fn durable(&self, name: &str, content: &[u8]) -> File {
        let mut file =
            OpenOptions::new().read(true).write(true).create_new(true).open(self.path(name)).unwrap();
        file.write_all(content).unwrap();
        file.sync_data().unwrap();
        self.sync_folder("");
        file
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path(name))
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn is(error: &io::Error, code: Errno) -> bool {
    error.raw_os_error() == Some(code.raw_os_error())
}

#[test]
fn bytes_and_sizes_are_lost_unless_the_file_was_synced() {
    let Some(disk) = Disk::new() else { return };
    let file = disk.durable("a", b"synced bytes");
    file.write_all_at(b"UN", 0).unwrap();
    file.set_len(100_000).unwrap();
    file.write_all_at(b"far", 50_000).unwrap();
    assert_eq!(disk.read("a").unwrap().len(), 100_000);
    assert_eq!(
        &disk.read("a").unwrap()[..12],
        b"UNsynced bytes"[..2].iter().chain(b"nced bytes").copied().collect::<Vec<_>>()
    );
    drop(file);
    disk.lose();
    assert_eq!(disk.read("a").unwrap(), b"synced bytes");
    let file = OpenOptions::new().write(true).open(disk.path("a")).unwrap();
    file.set_len(3).unwrap();
    file.set_len(8).unwrap();
    assert_eq!(disk.read("a").unwrap(), b"syn\0\0\0\0\0");
    disk.lose();
    assert_eq!(disk.read("a").unwrap(), b"synced bytes", "a cut is lost too");
    file.set_len(3).unwrap();
    file.set_len(8).unwrap();
    file.sync_data().unwrap();
    disk.lose();
    assert_eq!(disk.read("a").unwrap(), b"syn\0\0\0\0\0");
}

#[test]
fn a_name_is_lost_unless_its_folder_was_synced() {
    let Some(disk) = Disk::new() else { return };
    disk.durable("old", b"1");
    let new = File::create(disk.path("new")).unwrap();
    new.sync_all().unwrap();
    fs::create_dir(disk.path("folder")).unwrap();
    fs::remove_file(disk.path("old")).unwrap();
    assert_eq!(disk.names(""), ["folder", "new"]);
    disk.lose();
    assert_eq!(disk.names(""), ["old"], "the sync of a new file is not one of its name");
    fs::create_dir(disk.path("folder")).unwrap();
    File::create(disk.path("folder/inner")).unwrap();
    disk.sync_folder("folder");
    disk.lose();
    assert_eq!(disk.names(""), ["old"], "the folder's own name was not synced");
    fs::create_dir(disk.path("folder")).unwrap();
    File::create(disk.path("folder/inner")).unwrap();
    disk.sync_folder("folder");
    disk.sync_folder("");
    fs::remove_file(disk.path("folder/inner")).unwrap();
    fs::remove_dir(disk.path("folder")).unwrap();
    disk.lose();
    assert_eq!(
        (disk.names(""), disk.names("folder")),
        (vec!["folder".into(), "old".into()], vec!["inner".into()])
    );
    fs::remove_dir_all(disk.path("folder")).unwrap();
    disk.sync_folder("");
    disk.lose();
    assert_eq!(disk.names(""), ["old"]);
}

#[test]
fn a_rename_is_there_as_a_whole_or_not_at_all() {
    let Some(disk) = Disk::new() else { return };
    disk.durable("current", b"one");
    fs::create_dir(disk.path("from")).unwrap();
    disk.sync_folder("");
    let replace = |sync: &str| {
        let file = File::create(disk.path("from/next")).unwrap();
        file.write_all_at(b"two", 0).unwrap();
        file.sync_all().unwrap();
        fs::rename(disk.path("from/next"), disk.path("current")).unwrap();
        assert_eq!(disk.read("current").unwrap(), b"two");
        if !sync.is_empty() {
            disk.sync_folder(sync);
        }
        disk.lose();
    };
    replace("");
    assert_eq!(disk.read("current").unwrap(), b"one");
    assert!(disk.names("from").is_empty());
    replace("from");
    assert_eq!(disk.read("current").unwrap(), b"two", "either folder's sync is enough");
    assert!(disk.names("from").is_empty());
    fs::hard_link(disk.path("current"), disk.path("again")).unwrap();
    disk.sync_folder("");
    fs::remove_file(disk.path("current")).unwrap();
    disk.sync_folder("");
    disk.lose();
    assert_eq!(
        (disk.names(""), disk.read("again").unwrap()),
        (vec!["again".into(), "from".into()], b"two".to_vec())
    );
}

#[test]
fn the_synced_state_is_mounted_again() {
    let Some(mut disk) = Disk::new() else { return };
    fs::create_dir(disk.path("x")).unwrap();
    let mut file = disk.durable("x/a", b"synced");
    disk.sync_folder("x");
    file.write_all(b" and not").unwrap();
    File::create(disk.path("x/b")).unwrap();
    drop(file);
    disk.mount();
    assert_eq!((disk.names("x"), disk.read("x/a").unwrap()), (vec!["a".into()], b"synced".to_vec()));
}

#[test]
fn some_loss_is_repeated_by_its_seed() {
    let Some(_) = Disk::new() else { return };
    let lost_by = |seed| {
        let disk = Disk::new().unwrap();
        let file = disk.durable("a", &[1; 40_960]);
        for name in 0..10 {
            File::create(disk.path(&format!("n{name}"))).unwrap();
        }
        file.write_all_at(&[2; 81_920], 0).unwrap();
        let lost = disk.layer().lose_some_unsynced(seed).unwrap();
        assert_eq!((lost.pages, lost.names), (20, 10));
        (disk.read("a").unwrap(), disk.names(""))
    };
    assert_eq!(lost_by(1), lost_by(1));
    assert!((2..6).any(|seed| lost_by(seed) != lost_by(1)));
}

#[test]
fn a_full_disk_takes_what_needs_no_room() {
    let Some(disk) = Disk::new() else { return };
    let file = disk.durable("a", &[1; 8192]);
    disk.layer().set_fault(&Fault::FullDisk { free_bytes: 8192 }).unwrap();
    assert_eq!(file.write_at(&[2; 16_384], 8192).unwrap(), 8192, "as much as there is room for");
    assert!(is(&file.write_at(&[2; 1], 16_384).unwrap_err(), Errno::NOSPC));
    assert!(is(&File::create(disk.path("b")).unwrap_err(), Errno::NOSPC));
    assert!(is(&fallocate(&file, FallocateFlags::empty(), 16_384, 4096).unwrap_err().into(), Errno::NOSPC));
    file.write_all_at(&[3; 16_384], 0).unwrap();
    file.set_len(1 << 30).unwrap();
    file.set_len(4096).unwrap();
    file.write_all_at(&[4; 12_288], 4096).unwrap();
    assert!(file.write_at(&[4], 16_384).is_err());
    disk.layer().clear().unwrap();
    file.write_all_at(&[4], 16_384).unwrap();
}

#[test]
fn room_is_taken_zeroed_and_given_back() {
    let Some(disk) = Disk::new() else { return };
    let file = disk.durable("a", &[1; 12_288]);
    fallocate(&file, FallocateFlags::KEEP_SIZE, 0, 1 << 20).unwrap();
    assert_eq!(file.metadata().unwrap().len(), 12_288);
    fallocate(&file, FallocateFlags::empty(), 0, 16_384).unwrap();
    assert_eq!(file.metadata().unwrap().len(), 16_384);
    fallocate(&file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, 4000, 5000).unwrap();
    fallocate(&file, FallocateFlags::ZERO_RANGE, 12_000, 10_000).unwrap();
    let mut expected = vec![1; 12_000];
    expected[4000..9000].fill(0);
    expected.resize(22_000, 0);
    assert_eq!(disk.read("a").unwrap(), expected);
    let collapsed = fallocate(&file, FallocateFlags::COLLAPSE_RANGE, 0, 4096).unwrap_err();
    assert_eq!(collapsed, Errno::OPNOTSUPP);
    file.sync_all().unwrap();
    disk.lose();
    assert_eq!(disk.read("a").unwrap(), expected);
}

#[test]
fn reads_writes_and_syncs_fail_where_aimed_at() {
    let Some(disk) = Disk::new() else { return };
    let mut file = disk.durable("log-1", b"synced");
    disk.durable("other", b"synced");
    let layer = disk.layer();
    layer.set_fault(&Fault::EioOnRead(Aim::files("log", ALWAYS))).unwrap();
    assert!(is(&disk.read("log-1").unwrap_err(), Errno::IO));
    assert!(
        is(&file.seek(SeekFrom::Start(0)).and_then(|_| file.read(&mut [0; 1])).unwrap_err(), Errno::IO),
        "the cache is dropped"
    );
    disk.read("other").unwrap();
    layer.clear().unwrap();
    layer.set_fault(&Fault::EioOnWrite(Aim::files("log", ALWAYS))).unwrap();
    assert!(is(&file.write_at(b"x", 0).unwrap_err(), Errno::IO));
    layer.clear().unwrap();
    assert_eq!(disk.read("log-1").unwrap(), b"synced");
    file.write_all_at(b"failed", 0).unwrap();
    layer.set_fault(&Fault::EioOnSync(Aim::all(ALWAYS))).unwrap();
    assert!(is(&file.sync_data().unwrap_err(), Errno::IO));
    assert!(is(&File::open(disk.path("")).and_then(|folder| folder.sync_all()).unwrap_err(), Errno::IO));
    layer.clear().unwrap();
    file.sync_data().unwrap();
    assert_eq!(disk.read("log-1").unwrap(), b"failed");
    disk.lose();
    assert_eq!(disk.read("log-1").unwrap(), b"synced", "the second sync has repaired the first");
}

#[test]
fn writes_are_cut_short_and_syncs_are_slow() {
    let Some(disk) = Disk::new() else { return };
    let file = disk.durable("a", b"");
    disk.layer().set_fault(&Fault::ShortWrite(Aim::all(ALWAYS))).unwrap();
    let count = file.write_at(&[1; 1000], 0).unwrap();
    assert!((1..1000).contains(&count));
    assert_eq!(disk.read("a").unwrap(), vec![1; count]);
    disk.layer().set_fault(&Fault::SlowSync(Duration::from_millis(200))).unwrap();
    let began = Instant::now();
    file.sync_data().unwrap();
    assert!(began.elapsed() >= Duration::from_millis(200));
    disk.layer().clear().unwrap();
    disk.lose();
    assert_eq!(disk.read("a").unwrap(), vec![1; count], "slow is not lost");
}

#[test]
fn it_is_unmounted_whatever_happens() {
    let Some(mut disk) = Disk::new() else { return };
    let mount = disk.path("");
    let _in_use = disk.durable("a", b"1");
    disk.layer = None;
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(mount.to_str().unwrap().trim_end_matches('/')));
    assert_eq!(fs::read_dir(&mount).unwrap().count(), 0);
}

#[test]
fn locks_are_held_against_others() {
    let Some(disk) = Disk::new() else { return };
    let first = disk.durable("LOCK", b"");
    first.try_lock().unwrap();
    let second = OpenOptions::new().write(true).open(disk.path("LOCK")).unwrap();
    assert!(second.try_lock().is_err());
    drop(first);
    second.try_lock().unwrap();
}
