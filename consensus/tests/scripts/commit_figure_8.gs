# An entry of an earlier term on a majority is not committed by counting, and may still be replaced (Raft, figure 8).

cluster nodes=5 batch=1
node 1 terms=1.2 term=3
node 2 terms=1.2 term=3
node 3 terms=1 term=3
node 4 terms=1 term=3
node 5 terms=1.3 term=3
isolate 4
isolate 5

# (c) n1 leads term 4 and brings the entry of term 2 to n3, one entry a message; its empty entry gets nowhere yet.
(stand 1)
(deliver to=2)
(deliver to=3)
(deliver to=1)
(deliver to=2)
(deliver to=3)
deliver to=1
---
n1 is leader in term 4, leader n1
n1 write 2: append 3@4:empty
n1 -> n2 Append term=4 prev=2@2 commit=0 3@4:empty
n1 -> n3 Append term=4 prev=2@2 commit=0 3@4:empty
n1 -> n4 Append term=4 prev=2@2 commit=0 3@4:empty
n1 -> n5 Append term=4 prev=2@2 commit=0 3@4:empty

drop to=2
deliver to=3
deliver to=1
deliver to=3 count=1
deliver to=1
---
dropped 1
n3 is follower in term 4, leader n1
n3 -> n1 AppendReject term=4 prev=2 conflict=1@1 last=1
n1 -> n3 Append term=4 prev=1@1 commit=0 2@2:t2
n3 write 2: append 2@2:t2
n3 -> n1 AppendAck term=4 match=2 (after write 2)
n1 -> n3 Append term=4 prev=2@2 commit=0 3@4:empty

# Entry 2 of term 2 is now on n1, n2 and n3, and n1 knows it: no commit.
drop to=3
ack from=2 to=1 term=4 match=2
status
---
dropped 1
n1 leader term=4 leader=n1 commit=0 durable=3 log=[1,2,4]
  n2 pipeline match=2 next=4 inflight=1
  n3 pipeline match=2 next=4 inflight=1
  n4 probe match=0 next=3 inflight=0
  n5 probe match=0 next=3 inflight=0
n2 follower term=4 leader=nobody commit=0 durable=2 log=[1,2]
n3 follower term=4 leader=n1 commit=0 durable=2 log=[1,2]
n4 follower term=3 leader=nobody commit=0 durable=1 log=[1]
n5 follower term=3 leader=nobody commit=0 durable=2 log=[1,3]

# (e) The empty entry of term 4 on a majority commits both.
drop
disconnect 1 2
connect 1 2
disconnect 1 3
connect 1 3
deliver
status 1
---
dropped 6
n1 -> n2 Append term=4 prev=2@2 commit=0 3@4:empty
n1 -> n3 Append term=4 prev=2@2 commit=0 3@4:empty
n2 is follower in term 4, leader n1
n2 write 2: append 3@4:empty
n2 -> n1 AppendAck term=4 match=3 (after write 2)
n3 write 3: append 3@4:empty
n3 -> n1 AppendAck term=4 match=3 (after write 3)
n1 commits up to 3
n1 is ready in term 4 at 3
n1 -> n2 Commit term=4 commit=3
n1 -> n3 Commit term=4 commit=3
n2 commits up to 3
n3 commits up to 3
n1 leader term=4 leader=n1 commit=3 durable=3 log=[1,2,4]
  n2 pipeline match=3 next=4 inflight=0
  n3 pipeline match=3 next=4 inflight=0
  n4 probe match=0 next=3 inflight=0
  n5 probe match=0 next=3 inflight=0

# (d) Had n1 crashed before, n5 could have won with n3 and n4 and replaced entry 2: it covers their logs.
crash 1
node 3 terms=1.2 term=4
node 4 terms=1 term=4
node 5 terms=1.3 term=4
crash 2
heal
(stand 5)
deliver
---
n3 -> n5 PreVoteReply term=5 granted=true
n4 -> n5 PreVoteReply term=5 granted=true
n5 write 1: term 5 vote n5
n5 is candidate in term 5, leader nobody
n5 -> n1 Vote term=5 last=2@3 (after write 1)
n5 -> n2 Vote term=5 last=2@3 (after write 1)
n5 -> n3 Vote term=5 last=2@3 (after write 1)
n5 -> n4 Vote term=5 last=2@3 (after write 1)
n3 write 1: term 5 vote n5
n3 is follower in term 5, leader nobody
n3 -> n5 VoteReply term=5 granted=true (after write 1)
n4 write 1: term 5 vote n5
n4 is follower in term 5, leader nobody
n4 -> n5 VoteReply term=5 granted=true (after write 1)
n5 is leader in term 5, leader n5
n5 write 2: append 3@5:empty
n5 -> n1 Append term=5 prev=2@3 commit=0 3@5:empty
n5 -> n2 Append term=5 prev=2@3 commit=0 3@5:empty
n5 -> n3 Append term=5 prev=2@3 commit=0 3@5:empty
n5 -> n4 Append term=5 prev=2@3 commit=0 3@5:empty
n3 is follower in term 5, leader n5
n3 -> n5 AppendReject term=5 prev=2 conflict=2@2 last=2
n4 is follower in term 5, leader n5
n4 -> n5 AppendReject term=5 prev=2 conflict=1@1 last=1
n5 -> n3 Append term=5 prev=1@1 commit=0 2@3:t3
n5 -> n4 Append term=5 prev=1@1 commit=0 2@3:t3
n3 write 2: truncate from 2
n3 write 3: append 2@3:t3
n3 -> n5 AppendAck term=5 match=2 (after write 3)
n4 write 2: append 2@3:t3
n4 -> n5 AppendAck term=5 match=2 (after write 2)
n5 -> n3 Append term=5 prev=2@3 commit=0 3@5:empty
n5 -> n4 Append term=5 prev=2@3 commit=0 3@5:empty
n3 write 4: append 3@5:empty
n3 -> n5 AppendAck term=5 match=3 (after write 4)
n4 write 3: append 3@5:empty
n4 -> n5 AppendAck term=5 match=3 (after write 3)
n5 commits up to 3
n5 is ready in term 5 at 3
n5 -> n3 Commit term=5 commit=3
n5 -> n4 Commit term=5 commit=3
n3 commits up to 3
n4 commits up to 3
