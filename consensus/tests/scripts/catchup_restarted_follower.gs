# A follower that restarts keeps what its disk had and is sent the rest.

cluster nodes=3
(stand 1)
(deliver)
(propose 1 a)
(deliver)
hold 3
(propose 1 b c)
(deliver)
disconnect 1 3
crash 3
release 3
restart 3
status
---
n1 leader term=1 leader=n1 commit=4 durable=4 log=[1,1,1,1]
  n2 pipeline match=4 next=5 inflight=0
  n3 probe match=2 next=3 inflight=0 disconnected
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=4 durable=4 log=[1,1,1,1]
n3 follower term=1 leader=nobody commit=0 durable=2 log=[1,1]

connect 1 3
deliver
status
---
n1 -> n3 Append term=1 prev=2@1 commit=4 3@1:b 4@1:c
n3 is follower in term 1, leader n1
n3 write 1: append 3@1:b 4@1:c
n3 commits up to 4
n3 -> n1 AppendAck term=1 match=4 (after write 1)
n1 leader term=1 leader=n1 commit=4 durable=4 log=[1,1,1,1]
  n2 pipeline match=4 next=5 inflight=0
  n3 pipeline match=4 next=5 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=4 durable=4 log=[1,1,1,1]
n3 follower term=1 leader=n1 commit=4 durable=4 log=[1,1,1,1]
