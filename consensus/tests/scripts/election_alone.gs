# A cluster of one elects itself at its first tick and commits by its own disk alone.

cluster nodes=1
tick 1
---
n1 is pre-candidate in term 0, leader nobody
n1 write 1: term 1 vote n1
n1 is candidate in term 1, leader nobody
n1 is leader in term 1, leader n1
n1 write 2: append 1@1:empty
n1 commits up to 1
n1 is ready in term 1 at 1

propose 1 a b
status
---
n1 write 3: append 2@1:a 3@1:b
n1 commits up to 3
n1 leader term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
