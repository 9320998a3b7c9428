# Of two halves only the one with a majority has a leader; the other's steps down, and follows when they meet again.

cluster nodes=5
(stand 1)
(deliver)
cut 1 3
cut 1 4
cut 1 5
cut 2 3
cut 2 4
cut 2 5
(propose 1 lost)
(deliver)
(tick 4 60)
(tick 5 60)
(stand 3)
(deliver)
tick 1 60
status
---
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n4 Heartbeat term=1 commit=1 seq=1 floor=1
n1 -> n5 Heartbeat term=1 commit=1 seq=1 floor=1
n1 begins round 2 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=2 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=2 floor=1
n1 -> n4 Heartbeat term=1 commit=1 seq=2 floor=1
n1 -> n5 Heartbeat term=1 commit=1 seq=2 floor=1
n1 begins round 3 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=3 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=3 floor=1
n1 -> n4 Heartbeat term=1 commit=1 seq=3 floor=1
n1 -> n5 Heartbeat term=1 commit=1 seq=3 floor=1
n1 begins round 4 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=4 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=4 floor=1
n1 -> n4 Heartbeat term=1 commit=1 seq=4 floor=1
n1 -> n5 Heartbeat term=1 commit=1 seq=4 floor=1
n1 begins round 5 of term 1
n1 -> n2 Heartbeat term=1 commit=1 seq=5 floor=1
n1 -> n3 Heartbeat term=1 commit=1 seq=5 floor=1
n1 -> n4 Heartbeat term=1 commit=1 seq=5 floor=1
n1 -> n5 Heartbeat term=1 commit=1 seq=5 floor=1
n1 is follower in term 1, leader nobody
n1 follower term=1 leader=nobody commit=1 durable=2 log=[1,1]
  ignored unknown=0 malformed=0 stale=2 impossible=0
n2 follower term=1 leader=n1 commit=1 durable=2 log=[1,1]
n3 leader term=2 leader=n3 commit=2 durable=2 log=[1,2]
  n1 probe match=0 next=2 inflight=0
  n2 probe match=0 next=2 inflight=0
  n4 pipeline match=2 next=3 inflight=0
  n5 pipeline match=2 next=3 inflight=0
n4 follower term=2 leader=n3 commit=2 durable=2 log=[1,2]
n5 follower term=2 leader=n3 commit=2 durable=2 log=[1,2]

heal
(connect 3 1)
(connect 3 2)
(propose 3 kept)
(deliver)
status
---
n1 follower term=2 leader=n3 commit=3 durable=3 log=[1,2,2]
  ignored unknown=0 malformed=0 stale=7 impossible=0
n2 follower term=2 leader=n3 commit=3 durable=3 log=[1,2,2]
n3 leader term=2 leader=n3 commit=3 durable=3 log=[1,2,2]
  n1 pipeline match=3 next=4 inflight=0
  n2 pipeline match=3 next=4 inflight=0
  n4 pipeline match=3 next=4 inflight=0
  n5 pipeline match=3 next=4 inflight=0
  ignored unknown=0 malformed=0 stale=5 impossible=0
n4 follower term=2 leader=n3 commit=3 durable=3 log=[1,2,2]
  ignored unknown=0 malformed=0 stale=5 impossible=0
n5 follower term=2 leader=n3 commit=3 durable=3 log=[1,2,2]
  ignored unknown=0 malformed=0 stale=5 impossible=0
