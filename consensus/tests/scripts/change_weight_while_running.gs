# A new weight counts in the next election, not at once: the leader goes on, and the heavier voter is the first to stand.

cluster nodes=3
(stand 1)
(deliver)
(pass 320)
(change 1 weight 3 9)
(pass 100)
members 2
status 1
---
n2 members from 2 (committed): n1 n2 n3:weight9; all hold 2
n1 leader term=1 leader=n1 commit=2 durable=2 log=[1,1]
  n2 pipeline match=2 next=3 inflight=0
  n3 pipeline match=2 next=3 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0

crash 1
(pass 160)
status 3
---
n3 leader term=2 leader=n3 commit=3 durable=3 log=[1,1,2]
  n1 probe match=0 next=3 inflight=0
  n2 pipeline match=3 next=4 inflight=0
