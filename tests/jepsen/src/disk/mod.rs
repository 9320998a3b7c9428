//! A file system below the data folders that forgets, fails and is slow as disks are.
