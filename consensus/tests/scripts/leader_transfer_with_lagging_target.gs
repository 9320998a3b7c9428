# While the target catches up nothing is held; proposals that were sequenced before the hold are still taken.

cluster nodes=3 batch=2
(stand 1)
(deliver)
(pass 10)
cut 1 3
(fill 1 6)
(deliver)
heal
(disconnect 1 3)
(connect 1 3)
transfer 1 3
---
ok

propose 1 during
---
n1 write 4: append 8@1:during
n1 -> n2 Append term=1 prev=7@1 commit=7 8@1:during

# n3 lacks one batch: hold.
(deliver to=3 count=1)
(deliver from=3 count=1)
(deliver to=3 count=1)
(deliver from=3 count=1)
deliver to=3 count=1
deliver from=3 count=1
---
n3 write 5: append 6@1:p4 7@1:p5
n3 commits up to 7
n3 -> n1 AppendAck term=1 match=7 (after write 5)
n1 holds proposals for n3

# One proposal more is on its way already.
propose 1 late
---
n1 write 5: append 9@1:late
n1 -> n2 Append term=1 prev=8@1 commit=7 9@1:late
n1 -> n3 Append term=1 prev=8@1 commit=7 9@1:late

deliver
status
---
n2 write 6: append 8@1:during
n2 -> n1 AppendAck term=1 match=8 (after write 6)
n3 write 6: append 8@1:during
n3 -> n1 AppendAck term=1 match=8 (after write 6)
n2 write 7: append 9@1:late
n2 -> n1 AppendAck term=1 match=9 (after write 7)
n3 write 7: append 9@1:late
n3 -> n1 AppendAck term=1 match=9 (after write 7)
n1 commits up to 8
n1 commits up to 9
n1 -> n2 Commit term=1 commit=9
n1 has no lease any more
n1 -> n3 TimeoutNow term=1 seq=1
n1 -> n3 Commit term=1 commit=9
n2 commits up to 9
n3 write 8: term 2 vote n3
n3 is candidate in term 2, leader nobody
n3 -> n1 Vote term=2 last=9@1 transfer (after write 8)
n3 -> n2 Vote term=2 last=9@1 transfer (after write 8)
n1 write 6: term 2 vote n3
n1 is follower in term 2, leader nobody
n1 -> n3 VoteReply term=2 granted=true (after write 6)
n2 write 8: term 2 vote n3
n2 is follower in term 2, leader nobody
n2 -> n3 VoteReply term=2 granted=true (after write 8)
n3 is leader in term 2, leader n3
n3 write 9: append 10@2:empty
n3 -> n1 Append term=2 prev=9@1 commit=7 10@2:empty
n3 -> n2 Append term=2 prev=9@1 commit=7 10@2:empty
n1 is follower in term 2, leader n3
n1 write 7: append 10@2:empty
n1 -> n3 AppendAck term=2 match=10 (after write 7)
n2 is follower in term 2, leader n3
n2 write 9: append 10@2:empty
n2 -> n3 AppendAck term=2 match=10 (after write 9)
n3 commits up to 10
n3 is ready in term 2 at 10
n3 -> n1 Commit term=2 commit=10
n3 -> n2 Commit term=2 commit=10
n1 commits up to 10
n2 commits up to 10
n1 follower term=2 leader=n3 commit=10 durable=10 log=[1,1,1,1,1,1,1,1,1,2]
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=2 leader=n3 commit=10 durable=10 log=[1,1,1,1,1,1,1,1,1,2]
n3 leader term=2 leader=n3 commit=10 durable=10 log=[1,1,1,1,1,1,1,1,1,2]
  n1 pipeline match=10 next=11 inflight=0
  n2 pipeline match=10 next=11 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
