# A cluster of one leads only when its own vote is on disk, and commits only what is. It does not stand again while it waits.

cluster nodes=1
hold 1
tick 1
tick 1 300
---
n1 is pre-candidate in term 0, leader nobody
n1 write 1: term 1 vote n1
n1 is candidate in term 1, leader nobody

hold 1
sync 1 upto=1
status
---
n1 has write 1 on disk
n1 is leader in term 1, leader n1
n1 write 2: append 1@1:empty
n1 leader term=1 leader=n1 commit=0 durable=0 log=[1]

release 1
status
---
n1 commits up to 1
n1 is ready in term 1 at 1
n1 leader term=1 leader=n1 commit=1 durable=1 log=[1]
