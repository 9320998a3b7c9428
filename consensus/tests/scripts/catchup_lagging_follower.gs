# A follower that missed much is fed in full batches, many at once, as soon as it is back.

cluster nodes=3 batch=4
(stand 1)
(deliver)
disconnect 1 3
isolate 3
(fill 1 30)
(deliver)
status
---
n1 leader term=1 leader=n1 commit=31 durable=31 log=[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
  n2 pipeline match=31 next=32 inflight=0
  n3 probe match=1 next=2 inflight=0 disconnected
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=31 durable=31 log=[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
n3 follower term=1 leader=n1 commit=1 durable=1 log=[1]

heal
connect 1 3
deliver from=1 to=3
deliver from=3 to=1 count=1
---
n1 -> n3 Append term=1 prev=1@1 commit=31 2@1:p0 3@1:p1 4@1:p2 5@1:p3
n3 write 3: append 2@1:p0 3@1:p1 4@1:p2 5@1:p3
n3 commits up to 5
n3 -> n1 AppendAck term=1 match=5 (after write 3)
n1 -> n3 Append term=1 prev=5@1 commit=31 6@1:p4 7@1:p5 8@1:p6 9@1:p7
n1 -> n3 Append term=1 prev=9@1 commit=31 10@1:p8 11@1:p9 12@1:p10 13@1:p11
n1 -> n3 Append term=1 prev=13@1 commit=31 14@1:p12 15@1:p13 16@1:p14 17@1:p15
n1 -> n3 Append term=1 prev=17@1 commit=31 18@1:p16 19@1:p17 20@1:p18 21@1:p19
n1 -> n3 Append term=1 prev=21@1 commit=31 22@1:p20 23@1:p21 24@1:p22 25@1:p23
n1 -> n3 Append term=1 prev=25@1 commit=31 26@1:p24 27@1:p25 28@1:p26 29@1:p27
n1 -> n3 Append term=1 prev=29@1 commit=31 30@1:p28 31@1:p29

deliver
status
---
n3 write 4: append 6@1:p4 7@1:p5 8@1:p6 9@1:p7
n3 commits up to 9
n3 -> n1 AppendAck term=1 match=9 (after write 4)
n3 write 5: append 10@1:p8 11@1:p9 12@1:p10 13@1:p11
n3 commits up to 13
n3 -> n1 AppendAck term=1 match=13 (after write 5)
n3 write 6: append 14@1:p12 15@1:p13 16@1:p14 17@1:p15
n3 commits up to 17
n3 -> n1 AppendAck term=1 match=17 (after write 6)
n3 write 7: append 18@1:p16 19@1:p17 20@1:p18 21@1:p19
n3 commits up to 21
n3 -> n1 AppendAck term=1 match=21 (after write 7)
n3 write 8: append 22@1:p20 23@1:p21 24@1:p22 25@1:p23
n3 commits up to 25
n3 -> n1 AppendAck term=1 match=25 (after write 8)
n3 write 9: append 26@1:p24 27@1:p25 28@1:p26 29@1:p27
n3 commits up to 29
n3 -> n1 AppendAck term=1 match=29 (after write 9)
n3 write 10: append 30@1:p28 31@1:p29
n3 commits up to 31
n3 -> n1 AppendAck term=1 match=31 (after write 10)
n1 leader term=1 leader=n1 commit=31 durable=31 log=[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
  n2 pipeline match=31 next=32 inflight=0
  n3 pipeline match=31 next=32 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=31 durable=31 log=[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
n3 follower term=1 leader=n1 commit=31 durable=31 log=[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
