# A leader whose removal of a node was never committed follows that node when the others have elected it.

cluster nodes=3
(stand 1)
(deliver)
isolate 1
change 1 remove 2
(tick 3 60)
(stand 2)
(deliver)
heal
(connect 2 1)
(pass 20)
status 1
members 1
---
n1 write 3: append 2@1:members
n1 members from 2: n1 n3 without n2
n1 -> n3 Append term=1 prev=1@1 commit=1 2@1:members
n1 follower term=2 leader=n2 commit=2 durable=2 log=[1,2]
  ignored unknown=0 malformed=0 stale=1 impossible=0
n1 members from 0 (committed): n1 n2 n3; all hold 2
